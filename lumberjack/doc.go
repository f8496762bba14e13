// Package lumberjack is a server for the Lumberjack protocol, versions 1 and 2: what Filebeat's and the other Beats'
// output.logstash speak, and logstash-forwarder before them. It knows frames, compression, TLS and acknowledgements,
// and nothing of what is inside an event.
//
//	server := lumberjack.New(func(ctx context.Context, batch *lumberjack.Batch) error {
//		return store(ctx, batch.Events) // nil: the client may forget these events
//	}, lumberjack.Options{})
//	err := server.Serve(listener)
//
// # The contract
//
// A client announces a window of n events, sends them, and keeps them until they are acknowledged. Each window becomes
// one Batch and one call of the Handler. Where the Handler returns nil the window gets its one final acknowledgement,
// the highest sequence number of it, in the protocol version of the window, in the order the windows came. Where it
// returns an error the connection is closed without one, and the client sends the window again. So a Handler returns
// nil only once the events are safe.
//
// From the moment a window is announced until its final acknowledgement the client gets an "A 0" every five seconds,
// which restarts its timer: a Handler may take as long as it needs, and a window may wait for memory.
//
// # Invariants
//
//   - A heartbeat is never written without a window under way, never after that window's final acknowledgement, and
//     never in between the bytes of another.
//   - Bytes that can't be framed or inflated close the connection without an acknowledgement. Anything that is framed
//     well is acknowledged, also an event that is too large: the Batch says so in Rejected.
//   - Every length that the network claims meets a limit before memory is taken for it, and memory for large claims is
//     taken as the bytes arrive. All windows of all connections share one byte budget, and no set of connections can
//     make each other wait for ever (see budget.go for the rule and why it holds).
//   - Connections end with FIN. Bytes that still arrive are read and thrown away for a moment, because closing a socket
//     over unread bytes sends RST, which Filebeat reports as "connection reset by peer".
//   - One goroutine owns a connection. It reads, calls the Handler and acknowledges; a blocked Handler reads nothing
//     more, which is the backpressure. Only heartbeats come from a timer.
//   - No error of accept ends a listener.
//
// # Where clients differ
//
// As in Logstash, a new window before the old one is complete ends the old one; the events that came of it are handled
// and acknowledged. If none came, nothing is sent for it. A window of no events is answered with "A 0". A window may be
// spread over several compressed frames, mixed with bare ones. The version of a window's first frame is the version of
// the window; JSON frames are taken in a window of version 1, but key/value frames in one of version 2 are a framing
// error, as they are for Logstash and for go-lumber. There is one level of compression: compressed frames hold data
// frames only.
package lumberjack
