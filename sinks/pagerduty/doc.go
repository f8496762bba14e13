// Package pagerduty sends alerts to PagerDuty by its Events API v2: a trigger when an episode begins, a resolve when it ends.
//
// Both have the episode's identifier as dedup_key, so PagerDuty makes one incident of them, and a trigger that comes again
// after a crash adds nothing to an open one. Events go out one at a time, in the order of the transitions, and the cursor is
// stored after each, so a trigger is never sent again behind its own resolve, which would open a second incident.
//
// The answers are those of PagerDuty's documentation: 202 is done, 400 is an event that will never be taken, 429 and 5xx
// pass. A 400 about the routing key is about the configuration and not about the event, which is kept.
package pagerduty
