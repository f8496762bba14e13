// Package elasticsearch writes events to Elasticsearch as Logstash's output does: into an index that each event names, or
// into data streams.
//
// # Exactly once
//
// By default an event's _id is made from its place in the journal (outputs.ID), and it is written with the action create.
// What is sent again after an answer that never came, or after a kill, is then answered with 409, which counts as done: the
// index holds each event once. That costs Elasticsearch a look whether the id is there, which it spares itself for ids of
// its own making; the ids grow with time, so that the look mostly ends at what each segment says of its first and last id.
// Options.DocumentID can be IDAuto where doubles after a failure matter less.
//
// Elasticsearch knows ids by index. Where a data stream or an alias is rolled over between a try and the next one, the
// event can be in both indices behind it. An index whose name has the event's time in it (%{+YYYY.MM.dd}) has no such gap.
//
// # What becomes of an event
//
//   - 2xx, and 409 to a create: done.
//   - 429, 408 and 5xx, of a request or of an event, and whatever the connection does: tried again.
//   - An index that is blocked (cluster_block_exception, whether 403 or 429): tried again; disks are cleared and blocks are
//     lifted.
//   - 401 and 403, an index that is closed, or is missing and not made by itself (404): Blocked. A person has to mend it,
//     and each event that comes will meet it, so that setting events aside would only fill the dead letters.
//   - 413: the request is halved, and the next ones are kept smaller. An event that is too large alone is refused for good.
//   - Other 4xx of an event, such as a mapping conflict: refused for good, with type and reason. So is a name of an index
//     that can be none, or a pipeline that is not there, where they depend on the event; where the configuration says them,
//     they are Blocked.
//   - 400 of a request: the request is halved as with 413, but an event is refused for good only where a request with others
//     passes. A proxy that refuses everything condemns nothing.
//   - An answer of success that cannot be read, or is not one to so many documents: all again.
//
// # Where this differs from Logstash, on purpose
//
//   - 409 to a create is success. Logstash logs it as a failure.
//   - A pipeline or a routing in which a reference has stayed literally, for want of the field, is none. Logstash passes the
//     literal on, and Elasticsearch refuses the event; so pipeline can be %{[@metadata][pipeline]} without a condition.
//   - A document_id that is empty or has such a reference is replaced by the event's own id. Logstash writes all such events
//     over each other.
//   - The default action is create, also for indices. Only with a document_id from the event it is index, as with Logstash.
//   - No index templates are installed.
package elasticsearch
