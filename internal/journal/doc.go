// Package journal is the embedded store: an append-only log of records, one a batch, and small state beside it. It
// knows bytes only; what they mean is its caller's affair.
//
// # Invariants
//
//   - A record is returned by Records only when it is durable, and only as it was written: every read checks sums.
//   - Sequences count from 1 without gaps. The sequence of a durable record is never used again, whatever is cut, lost
//     or restarted. Sequences of records that were appended and never durable are used again after Recover or a crash.
//   - Nothing that was reported durable is cut away by recovery: a record carries what was durable when it was written,
//     so a torn tail, which nobody was told about, is told from damage to what was acknowledged.
//   - A file of the log is written by the process that created it and only cut or replaced afterwards, so no bytes of
//     an earlier life can follow the end.
//   - After a failed write or fsync nothing more is written until Recover has cut the log back to what is durable. The
//     page cache is not believed after a failed fsync.
//   - Damage never stops the journal from opening. What can be read is kept, what cannot is counted and set aside.
//
// # The directory
//
//	FORMAT                                     "logboom journal 1\n"
//	LOCK                                       flock; holds the process id in decimal, for people
//	00000000000000000001-9f3a7c21.segment      the log: first sequence in decimal, salt in hexadecimal
//	*.segment.new                              a segment being rewritten; takes its name when that is free
//	state.db                                   bbolt: the small state
//	state.db.new                               a state being rewritten or compacted
//	damaged-20060102T150405Z/                  what was set aside, under its old name
//
// # A segment
//
// Integers are little endian, sums are CRC-32C (Castagnoli). A segment begins with a header of 64 bytes:
//
//	 0  8  "LBJRNL\r\n"
//	 8  4  version, 1
//	12  4  salt, random; it begins every sum in this segment, so that bytes of another file, or bytes that a client
//	       planted in a payload, are not taken for frames
//	16  8  base: the sequence of the first frame
//	24  8  durable: the highest sequence known to be durable when the segment was created
//	32  8  when it was created, nanoseconds since 1970; for people
//	40 20  zero
//	60  4  sum of the 60 bytes before
//
// Then follow frames, each at a multiple of 8, padded with zeros. The file is preallocated, so zeros follow the last
// frame; a segment that is no longer written to is cut at its end. A frame is a header of 32 bytes and a payload:
//
//	 0  4  D7 72 65 C5 for a record, D7 67 61 C5 for a gap; neither occurs in UTF-8 text
//	 4  4  sum of the salt and of the bytes 8 to 32
//	 8  4  length of the payload, at most 128 MiB; 0 for a gap
//	12  4  sum of the salt and the payload
//	16  8  sequence
//	24  8  durable: the highest sequence known to be durable when the frame was written; at most sequence - 1. A gap
//	       says that all from durable + 1 to sequence were acknowledged and are lost, and that this was reported
//
// # The small state
//
// bbolt buckets. A value is stored behind a CRC-32C of bucket name, zero byte, key and value. For each bucket
// the number of pairs and the total of their sums are kept in meta, so a pair that is lost is noticed, too. Integers
// are big endian.
//
//	meta         "durable"                    8 bytes: the highest sequence known to be durable at the last update
//	             "first"                      8 bytes: where the log begins; all below was cut away
//	             "transition"                 8 bytes: the highest number of a transition ever stored
//	             "sum " + bucket              8 bytes number of pairs, 8 bytes total of their sums; these pairs are
//	                                          not counted themselves
//	checkpoint   "head"                       8 bytes sequence, 8 bytes length of the state
//	             "part" + 4 bytes number      up to 128 KiB of the state, from number 0
//	cursors      name of the sink             8 bytes after, then the sink's own state
//	ends         00, 2 bytes length of the rule's name, the name, the key; or, where that is longer than 512 bytes,
//	             01 and its SHA-256           8 bytes: the last end of an episode of this key, nanoseconds since 1970
//	transitions  8 bytes number               the transition
//	values       name                         whatever the caller keeps
//
// Before bbolt may open state.db, its pages are read and checked here (see pages.go): bbolt trusts its file, and a
// damaged one can end the process or make it spin.
package journal
