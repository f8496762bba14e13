package web

import (
	"bytes"
	"time"

	"github.com/logboom/logboom/sinks"
)

// The statuses of /healthz as a whole.
const (
	statusOK          = "ok"
	statusDegraded    = "degraded"    // events are taken, and something else fails
	statusUnavailable = "unavailable" // events are not taken
)

// stateUnknown is the state of a part that did not tell it in time.
const stateUnknown = "unknown"

// health is the document of /healthz. What is not configured is null, sinks and outputs are lists.
type health struct {
	status      string
	reasons     []string
	lumberjack  *lumberjackHealth
	kafka       *kafkaHealth
	journal     *journalHealth
	sinks       []sinkHealth
	outputs     []outputHealth
	deadLetters *deadLetterHealth
}

// unknown is the error of a part that did not tell its state; the other fields of the part mean nothing then.
type unknown struct {
	Error string `json:"error,omitempty"`
}

type lumberjackHealth struct {
	unknown
	Listening     bool   `json:"listening"`
	Connections   int64  `json:"connections"`
	Events        uint64 `json:"events"`
	BytesInFlight int64  `json:"bytes_in_flight"`
}

type kafkaHealth struct {
	unknown
	Connected  bool `json:"connected"`
	Partitions int  `json:"partitions"`
	// Lag is the sum over the partitions of which it is known; LagUnknown is the number of the others.
	Lag           int64     `json:"lag"`
	LagUnknown    int       `json:"lag_unknown"`
	Records       uint64    `json:"records"`
	MissingTopics []string  `json:"missing_topics,omitempty"`
	LastError     string    `json:"last_error,omitempty"`
	LastErrorTime time.Time `json:"last_error_time,omitzero"`
}

type journalHealth struct {
	unknown
	State          string    `json:"state"`
	Reason         string    `json:"reason,omitempty"`
	Since          time.Time `json:"since,omitzero"`
	UsedBytes      int64     `json:"used_bytes"`
	BudgetBytes    int64     `json:"budget_bytes"`
	FreeBytes      int64     `json:"free_bytes"`
	ReserveBytes   int64     `json:"reserve_bytes"`
	WaitingBatches int64     `json:"waiting_batches"`
	// OldestEvents is when the oldest events arrived that are kept for outputs, HeldBy which outputs are so far behind
	// that they hold the journal.
	OldestEvents time.Time      `json:"oldest_events,omitzero"`
	HeldBy       []holderHealth `json:"held_by,omitempty"`
}

type sinkHealth struct {
	Name string `json:"name"`
	unknown
	State         sinks.State `json:"state"`
	FailingSince  time.Time   `json:"failing_since,omitzero"`
	Waiting       uint64      `json:"waiting"`
	Delivered     uint64      `json:"delivered"`
	DeadLetters   uint64      `json:"dead_letters"`
	LastError     string      `json:"last_error,omitempty"`
	LastErrorTime time.Time   `json:"last_error_time,omitzero"`
	LastSuccess   time.Time   `json:"last_success,omitzero"`
	// Notice is what the sink has to tell although it delivers.
	Notice string `json:"notice,omitempty"`
}

type deadLetterHealth struct {
	unknown
	Letters   uint64 `json:"letters"`
	Removed   uint64 `json:"removed"`
	Failures  uint64 `json:"failures"`
	SizeBytes int64  `json:"size_bytes"`
}

// encodeHealth returns the document with a line for each part, to be read by people as well.
func (s *Server) encodeHealth(h health) []byte {
	var document bytes.Buffer
	field := func(name string, value []byte) {
		separator := ",\n "
		if document.Len() == 0 {
			separator = "{"
		}
		document.WriteString(separator + `"` + name + `": `)
		document.Write(value)
	}
	field("status", marshal(h.status))
	field("reasons", marshal(append([]string{}, h.reasons...)))
	field("version", marshal(s.options.Version))
	field("time", marshal(s.options.Now().UTC()))
	field("lumberjack", marshal(h.lumberjack))
	field("kafka", marshal(h.kafka))
	field("journal", marshal(h.journal))
	field("sinks", encodeList(h.sinks))
	field("outputs", encodeList(h.outputs))
	field("dead_letters", marshal(h.deadLetters))
	document.WriteString("}\n")
	return document.Bytes()
}

// encodeList returns a list with a line for each entry.
func encodeList[T any](list []T) []byte {
	var lines [][]byte
	for _, entry := range list {
		lines = append(lines, append([]byte("\n  "), marshal(entry)...))
	}
	return append(append([]byte{'['}, bytes.Join(lines, []byte{','})...), ']')
}
