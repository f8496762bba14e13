package lumberjack

import (
	"cmp"
	"time"
)

// Limit names a limit, in logs, errors and Stats.
type Limit string

// The limits, named after the fields of Limits.
const (
	LimitWindow      Limit = "window"
	LimitEvent       Limit = "event"
	LimitInflated    Limit = "inflated"
	LimitRatio       Limit = "ratio"
	LimitInFlight    Limit = "in_flight"
	LimitConnections Limit = "connections"
)

// Defaults of Limits.
const (
	DefaultWindow      = 100_000
	DefaultEvent       = 16 << 20
	DefaultInflated    = 100 << 20
	DefaultRatio       = 250
	DefaultInFlight    = 256 << 20
	DefaultConnections = 10_000
)

// MinimumInFlight is the smallest budget that a server works with; Limits.InFlight is raised to it.
const MinimumInFlight = 1 << 20

// ratioFloor is how much a window may hold whatever its ratio: as much as the largest event of the default limit, so
// that a short burst of very repetitive lines is never refused.
const ratioFloor = DefaultEvent

// Limits bound what clients can make the server do. Zero and negative values stand for the defaults.
type Limits struct {
	// Window is the most events a window may announce. Beyond it the connection is closed: Filebeat's bulk_max_size is
	// 2048 by default, and people set it to 20,000 and more.
	Window int
	// Event is the most bytes of an event. One beyond it is read, not kept, and reported in Batch.Rejected; the window
	// is acknowledged. For version 1 it bounds the keys and values as well as the JSON made of them.
	Event int64
	// Inflated is the most bytes of a window after decompression, whether kept or not, and the most bytes kept of one
	// that is not compressed. Beyond it the connection is closed.
	Inflated int64
	// Ratio is how many bytes of events a window may make the server keep for each byte of it on the wire, counted from
	// 16 MiB on. Beyond it the connection is closed. Windows of nginx events have 10 to 17, those of lines of 5000 equal
	// characters about 110; zlib can't do more than 1032. What is skipped because it is beyond Event does not count, so
	// a line of ten million NUL bytes, as a power failure leaves them in log files, is set aside instead of being sent
	// for ever.
	Ratio int
	// InFlight is how many bytes all windows of all connections may hold together, from the first byte read until the
	// Handler returned. Half of it is shared; the other half is kept for one window at a time, so that there is always
	// one that can be finished. So one window can hold at most half: its events, and its compressed frame while that is
	// inflated. Windows wait for their share, with heartbeats; only one that needs more than half is closed.
	//
	// Not counted is what each connection costs by being open: about 10 KiB, and TLS about 30 KiB more.
	InFlight int64
	// Connections is how many connections there may be. One more is accepted and closed at once.
	Connections int
}

// withDefaults returns the limits with the defaults in place of what was not set.
func (l Limits) withDefaults() Limits {
	return Limits{
		Window:      orDefault(l.Window, DefaultWindow),
		Event:       orDefault(l.Event, DefaultEvent),
		Inflated:    orDefault(l.Inflated, DefaultInflated),
		Ratio:       orDefault(l.Ratio, DefaultRatio),
		InFlight:    max(orDefault(l.InFlight, DefaultInFlight), MinimumInFlight),
		Connections: orDefault(l.Connections, DefaultConnections),
	}
}

// Defaults of Timeouts.
const (
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultReadTimeout      = 30 * time.Second
	DefaultIdleTimeout      = 5 * time.Minute
	DefaultWriteTimeout     = 30 * time.Second
	DefaultHeartbeat        = 5 * time.Second
	DefaultKeepAlive        = 15 * time.Second
)

// Timeouts bound how long the server waits for clients. Zero and negative values stand for the defaults.
type Timeouts struct {
	// Handshake is how long a TLS handshake may take.
	Handshake time.Duration
	// Read is how long a client may pause in the middle of a window. It is counted between two reads, so a window that
	// comes slowly but steadily is never cut off, with one exception: while windows wait for InFlight, a client must
	// send 16 KiB, or finish its window, in this time. Otherwise a few slow clients could stop all others.
	Read time.Duration
	// Idle is how long a connection may stay open without a window. Everything is acknowledged by then.
	Idle time.Duration
	// Write is how long writing an acknowledgement or a heartbeat may take.
	Write time.Duration
	// Heartbeat is the time between two "A 0" while a window is under way. Filebeat gives up after 30 s without one.
	Heartbeat time.Duration
	// KeepAlive is the time between two TCP keepalive probes, and before the first.
	KeepAlive time.Duration
}

// withDefaults returns the timeouts with the defaults in place of what was not set.
func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Handshake: orDefault(t.Handshake, DefaultHandshakeTimeout),
		Read:      orDefault(t.Read, DefaultReadTimeout),
		Idle:      orDefault(t.Idle, DefaultIdleTimeout),
		Write:     orDefault(t.Write, DefaultWriteTimeout),
		Heartbeat: orDefault(t.Heartbeat, DefaultHeartbeat),
		KeepAlive: orDefault(t.KeepAlive, DefaultKeepAlive),
	}
}

// orDefault returns the value where it is positive and the default where it is not.
func orDefault[T cmp.Ordered](value, standard T) T {
	var zero T
	if value > zero {
		return value
	}
	return standard
}
