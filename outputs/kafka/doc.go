// Package kafka is the output of events to Kafka: what Logstash's kafka output with codec json would have written, one
// record an event, without headers, and without a key unless one is asked for.
//
// Its invariants:
//
//   - A record counts as written when all replicas that are in sync have it (acks=all).
//   - The producer is idempotent: what the client sends again by itself, because an answer got lost or a broker was away,
//     is in the log once. What is given to the client stays there until its outcome is known, also beyond the Write that
//     gave it: that Write reports that there is no answer yet, and the next Write of the same events, which it knows by
//     their IDs, waits on instead of sending them again. Only when the client ends, with the process, at a refused login
//     or after an error that leaves it in doubt, may what was in flight then be written twice. Nothing is ever lost.
//   - Events of one partition are written in the order of the batch. Nothing behind an event that failed is written before
//     it.
//   - Nothing is sent but between the beginning of a Write and the last outcome of its records; the client holds at most
//     the records of one batch, in memory of the output's own.
//   - An event that Kafka will never take is refused by itself: a batch of records that the broker finds too large is
//     taken apart until it is known which record is.
package kafka
