// Package alertmanager sends alerts to a Prometheus Alertmanager, or to all members of a cluster, by its API v2.
//
// Alertmanager knows an alert by its labels: alertname is the rule's name, rule its identifier, key the key of a rule that
// has any, one for each field of it, and the labels of the configuration. A field's label is its path with underscores,
// host_name for host.name; where it would take the place of another label it has an underscore more. Alertmanager forgets an alert that nobody repeats. So every alert that is active is
// sent again each Resend, ending four times as long from then, as Prometheus does: three repeats may be lost before it takes
// the alert for resolved. That happens too while logboom itself is not running, and is mended by its start. An alert that
// has ended is repeated for fifteen minutes, so that an Alertmanager that was away learns of it.
//
// A cluster's members are all sent everything; one that takes it is enough, because they tell each other. Sending the same
// again changes nothing, so a crash doubles nothing. Transitions go out one by one and in their order.
//
// What is repeated is kept in the state that is stored with the cursor. It is bounded: beyond 10,000 alerts the ended and
// then the oldest ones are no longer repeated.
package alertmanager
