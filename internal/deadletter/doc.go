// Package deadletter keeps what could not be used and must not vanish: events that could not be decoded, and alerts that
// a receiver refused for good.
//
// A store is a folder of segments, 0000000001.ndjson and so on, each a file of JSON lines. A letter is on disk when Write
// returns. The store is bounded: when it is full its oldest segment is removed, which is counted and logged. A line has
// these members, those without a value being left out:
//
//	time       when the letter was written, RFC 3339 in UTC
//	output     the sink that refused it, of an alert
//	source     the input that it came from, of an event
//	peer       who sent it, of an event
//	id         of an alert
//	reason     what was wrong with it
//	document   the bytes, where they are JSON; as they came, less the space between the parts
//	text       the bytes, where they are no JSON but valid UTF-8
//	base64     the bytes, where they are neither
//	truncated  true where the bytes are only the beginning
//	length     of the whole, in bytes, where truncated
package deadletter
