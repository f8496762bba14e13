// Package event reads one log event: its bytes as they came, its time, and the fields that somebody asked for.
//
// An event is a JSON object. It is never decoded into a map: a [Selector] is compiled once from the field paths that
// the rules name, and [Selector.Scan] walks over the bytes of each event a single time, checks that they are valid JSON
// and notes where the selected values stand. A [Value] is a window on those bytes, decoded only when asked to be.
//
// Scan has two ways to read, which agree on every document. On amd64 a markedScanner knows ahead where strings end, by
// looking at 64 bytes at a time; it is about 1.8 times as fast and only says yes or no. A scanner, in Go alone, reads
// where that is not to be had, documents of a few bytes, and those that were refused: it says what is wrong, and where.
// The build tag purego leaves only the latter.
//
// [Members] finds all members of the top level in place of selected fields, with the same marks, and tells whether the bytes
// of a document can be copied as they stand.
//
// Invariants:
//   - Scan says yes to exactly those documents that encoding/json calls valid, that are an object, and that are nested
//     no deeper than [MaxDepth]. An event that was accepted can be handed to any other JSON reader.
//   - Scan and [ParseTime] do not allocate on success, keep nothing, and use an amount of stack that does not depend
//     on the input.
//   - The bytes of an event are only ever read.
package event
