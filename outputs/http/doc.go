// Package http posts events to an HTTP endpoint of anybody's, many at a time: a JSON object in each line
// (application/x-ndjson), or one JSON array of them (application/json).
//
// # What answers mean
//
//   - 2xx: all events of the request are done.
//   - 400 and 422: something in the request is not taken. It is sent again in halves until it is known which events those
//     are; each of them is a dead letter, and the others go on. Where none is taken, a hundred of them in a row, it is not
//     the events: nothing more is set aside, and people are told to look at the address and the format.
//   - 413: too large. It is sent again in halves; a single event that is too large is a dead letter.
//   - 408, 409, 425, 429, 5xx and no answer at all: later, when Retry-After says so.
//   - all others, such as 3xx, 401, 403, 404 and 415: something is wrong with the address or the credentials. The events are
//     kept until somebody has mended that.
//
// # Resends
//
// Events come at least once: an answer can be lost. Each request carries Idempotency-Key, made of the first and the last
// event's ID and their number with dots between. Events that are sent again after a failure, in the same request, have
// the same key; so a receiver that remembers keys of requests that it took can answer 200 to one that it has seen. Who
// wants to recognise single events must look at what is in them: after a restart they may come in other requests.
package http
