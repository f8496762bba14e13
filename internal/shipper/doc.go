// Package shipper is a client of the Lumberjack protocol, version 2, that behaves towards a server as Filebeat's
// output.logstash does: the commands send and demo stand on it, and so can a load generator.
//
//	client, err := shipper.Dial(ctx, shipper.DefaultOptions("127.0.0.1:5044"))
//	agent := shipper.NewAgent("web-1", rand.Uint64())
//	report, err := shipper.SendFiles(ctx, client, agent, []string{"access.log"}, shipper.FileOptions{})
//	err = client.Close()
//
// # Invariants
//
//   - Events are sent and acknowledged in the order of Send. A lost connection loses none: every window that was not
//     acknowledged to its end is sent again, whole and byte for byte, before anything new. So a server may see events
//     twice, and never out of order apart from that.
//   - A window is delivered when the acknowledgement of its last event came, and not before. Partial acknowledgements
//     and heartbeats ("A 0") only restart the timer.
//   - The timer runs while a window is under way and restarts whenever the connection moves: at each acknowledgement,
//     heartbeats included, and as bytes are written. A server that sends heartbeats is waited for without end.
//   - Memory is bounded by Pipelining + 1 windows, and a window by its events and by 8 MiB and one event.
//   - The goroutine that delivers, and the one that reads acknowledgements, are gone when Close returns.
//
// # Why not go-lumber's client
//
// The protocol's constants are those of github.com/elastic/go-lumber, and its server is what some tests run against.
// Its client/v2 writes the same bytes, understands heartbeats and partial acknowledgements, and would do for a small
// sender. It falls short of what is needed here:
//
//   - Nothing in it takes a context, and a window is compressed anew, from a slice of interfaces, each time it is sent.
//     A window of 2048 events costs it 6,000 allocations and 1.4 MB, among them a new zlib writer, which a load
//     generator would measure instead of the server; here it is a dozen allocations and 2 kB, in a third of the time.
//   - The deadline of a write covers the whole window and heartbeats do not move it, so with two windows under way a
//     server that works on the first for longer than the timeout is dropped, although it says all the time that it is
//     alive.
//   - AsyncClient.Close returns before the callbacks of what it gave up have run, and a Send that comes later panics on
//     a closed channel. Reconnecting, resending and backing off are left to the caller in any case.
package shipper
