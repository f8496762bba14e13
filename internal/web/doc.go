// Package web tells people, orchestrators and Prometheus over HTTP how logboom is. It reads what the other rooms say of
// themselves and changes nothing.
//
// # Endpoints
//
//	/livez       200 unless the writer is wedged: batches wait, the disk answers, and for a minute nothing has moved.
//	             A restart helps then, and only then; a full or slow disk and a sink that is down never fail it.
//	/readyz      200 when events can be taken; 503 with the reason while starting or draining and while the journal is
//	             full, failing or stalled; of a full one it says which output holds it. A sink or a Kafka cluster that is
//	             down never fails it, an output only once the journal is full of what it has not had.
//	/healthz     JSON with a line for each part. 503 exactly when /readyz is; a part that fails while events can be taken
//	             makes the status "degraded", with 200.
//	/metrics     Prometheus metrics.
//	/api/alerts  the open episodes and the latest changes, as alert documents.
//	/api/rules   the rules with their counters.
//	/            the list of endpoints.
//
// All of them answer GET and HEAD alone. "stalled" and "wedged" differ in what is stuck: a write to the disk, which the
// next process would wait for as well, or logboom itself.
//
// # Access
//
// /livez and /readyz answer everybody. The rest answers whoever shows Options.Token, and without it:
//
//   - on a loopback listener, requests whose Host is an IP address or localhost. A browser that was led to 127.0.0.1 by
//     a name of somebody else's (DNS rebinding) sends that name and is refused;
//   - on any other listener, nobody, unless Options.Insecure opens it to everybody.
//
// # Invariants
//
//   - No request waits for another room longer than a fixed time: counters that cannot be read, because their lock is
//     held over a write to a disk that hangs, are left out and said to be missing. At most one goroutine waits for each.
//   - Memory is bounded: connections, headers and answers have limits, and labels come from the configuration or from
//     fixed lists, never from events.
//   - No secret is shown. The token is kept as a digest, and texts of errors pass through Options.Secrets.
package web
