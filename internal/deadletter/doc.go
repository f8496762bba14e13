// Package deadletter keeps what could not be used and must not vanish: events that could not be decoded, events that an
// output refused for good, and alerts that a receiver refused for good.
//
// # Files
//
// A store is a folder of segments, 0000000001.ndjson and so on, each a file of JSON lines. A letter is on disk when Write
// returns. The store is bounded: when it is full its oldest segment is removed, which is counted and logged, and noted in
// removed.json. A line has these members, those without a value being left out:
//
//	time       when the letter was written, RFC 3339 in UTC
//	output     the output or sink that refused it
//	source     the input that it came from, of an event that was not taken
//	peer       who sent it, of an event that was not taken
//	id         of the alert, or of the event that an output refused
//	reason     what was wrong with it
//	event      of an event that an output refused, what is needed to write the same again, beside the document:
//	             time             its @timestamp, RFC 3339
//	             texts            what was made of it beside the document, such as the index or topic, in the output's
//	                              order; each a string, or {"base64": "..."} where it is not valid UTF-8
//	             texts_truncated  true where the texts were too long to be kept
//	             as_it_came       true where the document is the event as it came
//	document   the bytes, where they are JSON; as they came, less the space between the parts
//	text       the bytes, where they are no JSON but valid UTF-8
//	base64     the bytes, where they are neither
//	truncated  true where the bytes are only the beginning
//	length     of the whole, in bytes, where truncated
//
// Letters that were written before there was a member event are read as well; those with an output are alerts.
//
// A letter has a Number, segment and line, which never changes and is not used again. What was done with a letter stands
// beside its segment in a file of marks, 0000000001.done, as JSON lines:
//
//	line    the letter's line in the segment, from 1
//	sum     CRC-32C of that line without its newline, in hexadecimal: a mark is of no effect on any other line
//	did     replayed, dropped, or refused: then the letter was tried again and stays
//	to      the output that it was replayed to, or that refused it
//	reason  why it was refused again
//	time    RFC 3339 in UTC
//
// A later mark of a line takes the place of an earlier one. A mark that is cut or damaged is of no effect.
//
// # Who may do what at the same time
//
// One process writes letters (Store), others may read them (Read) and one at a time may remove them (Remover), all at the
// same time:
//
//   - A segment is only ever appended to, at the end of the newest one, by the Store. Nobody rewrites one. So readers need
//     no lock; an end without a newline is a letter that is being written, or was never kept, and is passed over.
//   - The lock (flock of the file "lock") is held by the Store for each Write and by the Remover for each change, always for
//     a moment: nobody is waited for with it, neither a person nor a server. Within it, whoever holds it looks at the folder
//     afresh. A Write that does not get the lock in time fails, which its callers take for a full disk: they keep what they
//     have and try again. So a Remover that hangs loses nothing.
//   - A Remover marks letters, and removes a segment when all of its letters are replayed or dropped. Before it removes the
//     newest one it makes an empty one with the next number, so that no number is used twice.
//   - Removers take turns by the lock of "remover.lock", which is held as long as one works, and fails at once: ErrBusy.
//   - The Store removes the oldest segment with its marks when the store is full, also while it is being replayed: a mark of
//     a letter that is gone is not needed.
//
// Marks are on disk before Mark returns. Whatever is done before that and ended by a crash is done again: what is replayed
// is replayed at least once.
package deadletter
