// Package chaos is the fault harness: it runs a real logboom between shippers and receivers, kills, cuts and fills everything
// at random for a while, and counts at the end what every receiver has. Its program is cmd/chaos, or make chaos.
//
// What runs, in the order of the way of an event:
//
//   - Shippers (agent.go) send known lines (stream.go) through toxiproxy (proxy.go): half of them by Filebeat's own client,
//     go-lumber's (agent_golumber.go), half by internal/shipper's.
//   - logboom (process.go) is the binary, with a configuration of its own (configuration.go) and its data and files on a small disk
//     (disk.go). Where none may be mounted, it is built with what makes its journal's disk full by injected ENOSPC.
//   - Receivers: files, a real Elasticsearch and a real Kafka (services.go), and servers in this process that write down what
//     they got (receiver_http.go, receiver_lumberjack.go, slack.go).
//
// What happens to them is one small file a fault, named fault_*.go; fault.go says what a fault is. When which fault comes is
// drawn from the seed before anything starts, and so are all lines; what a fault hits depends on the machine.
//
// # Invariants
//
//   - What is counted never comes from logboom: receivers are read directly, lines and alerts are known beforehand (ledger.go
//     and model.go). logboom is asked only whether there is anything left to wait for.
//   - A receiver counts each line by agent, file and offset, and compares its content.
//   - A double is explained by what was in flight at a kill or a stop, or by nothing (explanation.go).
//   - A fault notes what it met; what met nothing, and what was left out, the report says to be not proved.
//   - A fault is over before the counting begins.
package chaos
