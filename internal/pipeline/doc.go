// Package pipeline takes batches of events from sources to a durable decision, and committed transitions on to sinks.
//
// Handle is the handler that every source calls. It decodes a batch in the caller's goroutine and hands it to the one
// writer, which gives all batches their order, slides the windows, and appends one record a batch to the journal without
// waiting for the disk. A second goroutine makes records durable, one fsync for all that wait, and only then are batches
// acknowledged and transitions shown to sinks. A third stores checkpoints. No other goroutine touches the engine.
//
// Invariants:
//
//   - Handle returns nil only after everything that the batch caused is on disk (with AckDurable).
//   - The order of the journal is the order of evaluation; recovery reads it and nothing else.
//   - A commit that fails leaves nothing in memory: the engine is rebuilt from what is durable, and the batches that wait
//     are judged again, unless their sender gave up.
//   - A batch's memory is its caller's again when Handle has returned.
package pipeline
