package shipper

// Stats are a Client's counters since Dial.
type Stats struct {
	// Queued is how many events Send took, Acknowledged how many of them were delivered.
	Queued, Acknowledged int64
	// Windows is how many windows were delivered.
	Windows int64
	// Resent is how many events were sent again after a lost connection, each time counted.
	Resent int64
	// Heartbeats is how many "A 0" came.
	Heartbeats int64
}
