// Package resend recognises events that come a second time: a Filebeat that lost its connection after a window was
// committed and before it was told so sends that window again. Such events must neither be counted nor passed on twice.
//
// # Identity
//
// An event is who sent it, the file, the place in it and the line: agent.id, log.file.path with device, inode or
// fingerprint where they are given, log.offset and message. It is read from values and never from raw bytes: Filebeat
// writes the keys of an event in another order each time. So 15, 15.0 and 1.5e1 are one offset, and all ways to escape
// a string are one string; keys may be nested or dotted, only that nothing is added under keys with dots to an object
// log.file. Events without agent, file or offset are never duplicates. A file that was rotated or truncated has another
// inode, fingerprint or message at the same offset, and is none either; only where all of them are the same, as of a
// banner that a truncated file begins with once more, nothing of the identity tells the two apart.
//
// A [Mark] stands for an identity: 64 bits of a hash whose key is secret and random for each journal ([Seed]). The hash is
// one with a proof: NH (a sum of products, as in UMAC) over the values, each preceded by its length, then a strongly
// universal step. Two given identities meet with a probability of about 2^-63 over the choice of the key, whoever chose
// them. A mark is compared with those of the same agent only, at most 2^20 and by default 2^14 of them, so of about 2^49
// new events one is taken for a resend wrongly: one in 170 years at 100,000 a second. That is why a mark is not cut
// to fewer bits, on disk either: 48 bits would be one event in a day.
//
// # What may come again
//
// An event stays in Filebeat's queue until it is acknowledged, and only what is in the queue is sent. So of what may come
// again no more is new since than twice the queue: what stood before it and was committed later by another worker, and what
// stood behind it. The queue (queue.mem.events) is 3,200 or 4,096 events, a few times the workers' pipelining + 1 windows
// where people set it. [Marks] keeps the latest 16,384 marks of each agent, enough for a queue of 8,192 and eight windows of
// 2,048, and more, up to 1,048,576, for agents with large windows: eight times the largest. Four times as many would
// no longer fit the processor's second cache, which costs 20 to 35 ns an event. It is by agent, not by
// connection, because with several workers or load balancing a window comes again on another one; and it is not by time,
// because a Filebeat that was off the network for a day still has its last windows to send. Duplicates do not renew a mark:
// their place in the queue is still the old one. Not promised: what Filebeat reads again after it was killed itself, beyond
// those marks, and more than that from a disk queue of which one worker hung while others went on.
//
// # Looking up
//
// Filebeat reads a file from the front to the back. An event that stands in its file behind all that are remembered of that file
// is none of them, and a batch of only such events is not looked up. So account is kept of how far each file was read, in two
// periods of which the older one ends when its marks have gone. Everything is looked up where a file was truncated, where
// windows of one file come on several connections in another order, for agents with more than 256 files, and after a
// start, until the marks from before it have gone. That changes what it costs and nothing else.
//
// # Memory
//
// A mark is 8 bytes in a ring, in the order of arrival, and two index entries of 4, and a share of the account of files. The index
// is made when something is looked up, and dropped a ring's length after the last time. Most of it is not in the cache when a
// batch comes, so it is fetched for many events at a time. Room grows by agent and by doubling, from 64
// marks on, and never beyond a budget for all, [DefaultBudget]. When that is used up, an agent that needs more takes it
// from whoever has at least four times as much, which loses the older half of its marks; so a noisy agent only pushes
// out its own oldest. If nobody has, agents go that were silent for a whole turnover of the budget; only for a new
// agent others are forgotten, those silent longest first. 10,000 agents have 350 marks each by default; a budget of 38
// bytes times queue times agents keeps the promise whatever happens at once.
//
// # Commit and recovery
//
// [Marks.Sift] takes a batch: it tells the duplicates, within the batch as well, and adds the others at once, because
// checking and adding touch the same memory. What it added is the batch's part of its own commit, [Batch.AppendSection].
// If that commit fails, the Marks are thrown away like the engine, and built anew from the last checkpoint ([Marks.Restore])
// and the sections behind it ([Marks.Apply]). The state depends on nothing else, not on duplicates either, so it is then
// exactly what it was. A batch of nothing but duplicates has no section, but must be acknowledged after the commits
// before it, as its originals may still be on the way to the disk.
//
// Both formats begin with a version; integers are little endian or uvarints.
//
//	section     1, seed u64, then runs until the end, each the new marks of one agent in a row:
//	              uvarint 0 and agent u64, or the number, from 1, of an agent of this section;
//	              uvarint count, then so many marks u64
//	checkpoint  1, seed u64, uvarint of all marks ever added, uvarint agents, then for each:
//	              agent u64, uvarint largest batch, uvarint marks added to anyone since it was heard of,
//	              uvarint count, then so many marks u64, the oldest first.
//	            The agents with the most room come first, and among those with as much the one first to lose it.
//
// A section is 8 bytes an event and some 20 a batch. Smaller ones were considered. Marks sorted and coded by difference are
// 6.9 bytes at best, if packed by bits, and cost more than all the rest of this package; by uvarint nothing is saved.
// File, difference of offsets and 32 bits of the message are 6 bytes, for keeping three numbers an event until the commit.
//
// Purity: no I/O, no goroutine, no clock. A [Hasher] may be used by many goroutines, a [Batch] by one at a time, a [Marks]
// by the one writer; its [Marks.Stats] by everybody.
package resend
