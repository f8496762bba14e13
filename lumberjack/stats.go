package lumberjack

import (
	"sync"
	"sync/atomic"
)

// Stats is a snapshot of a server's counters. Those not marked "now" only grow, from 0 when the server was made.
type Stats struct {
	// Connections is how many are open now, PeakConnections the most there ever were at once, ConnectionsTotal how many
	// were taken, and ConnectionsRefused how many were closed at once because of Limits.Connections.
	Connections        int64
	PeakConnections    int64
	ConnectionsTotal   uint64
	ConnectionsRefused uint64
	// AcceptErrors is how often accept failed and was tried again.
	AcceptErrors uint64
	// Windows and Events are what the Handler took, EventsRejected those that were acknowledged but beyond a limit.
	Windows        uint64
	Events         uint64
	EventsRejected uint64
	// BytesRead is what came from clients, after TLS; BytesInflated what compressed frames became.
	BytesRead     uint64
	BytesInflated uint64
	// Acknowledgements are the final ones, Heartbeats the "A 0" while a window was under way.
	Acknowledgements uint64
	Heartbeats       uint64
	// The ways in which connections ended that should not have: see ErrFraming, ErrDecompression, ProtocolError and
	// ErrHandler. Timeouts are clients that paused too long within a window, Lost those that went away within one.
	FramingErrors       uint64
	DecompressionErrors uint64
	WrongProtocol       uint64
	HandshakeErrors     uint64
	HandlerErrors       uint64
	Timeouts            uint64
	Lost                uint64
	// LimitHits is how often each limit was hit.
	LimitHits map[Limit]uint64
	// BytesInFlight is what all windows hold of Limits.InFlight now, and Waiting how many of them wait for more now.
	BytesInFlight int64
	Waiting       int64
}

// counters are what Stats is a snapshot of. They are safe for concurrent use.
type counters struct {
	connectionsTotal, connectionsRefused, acceptErrors atomic.Uint64
	windows, events, eventsRejected                    atomic.Uint64
	bytesRead, bytesInflated                           atomic.Uint64
	acknowledgements, heartbeats                       atomic.Uint64
	framingErrors, decompressionErrors, wrongProtocol  atomic.Uint64
	handshakeErrors, handlerErrors, timeouts, lost     atomic.Uint64
	limits                                             limitCounters
}

// limitCounters count how often each limit was hit.
type limitCounters struct {
	mutex sync.Mutex
	hits  map[Limit]uint64
}

func (l *limitCounters) add(limit Limit, hits uint64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.hits == nil {
		l.hits = make(map[Limit]uint64)
	}
	l.hits[limit] += hits
}

// snapshot returns the hits of all limits, also of those that were never hit.
func (l *limitCounters) snapshot() map[Limit]uint64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	hits := make(map[Limit]uint64)
	for _, limit := range []Limit{
		LimitWindow, LimitEvent, LimitInflated, LimitRatio, LimitInFlight, LimitConnections,
	} {
		hits[limit] = l.hits[limit]
	}
	return hits
}

// snapshot fills in what the counters know.
func (c *counters) snapshot() Stats {
	return Stats{
		ConnectionsTotal:    c.connectionsTotal.Load(),
		ConnectionsRefused:  c.connectionsRefused.Load(),
		AcceptErrors:        c.acceptErrors.Load(),
		Windows:             c.windows.Load(),
		Events:              c.events.Load(),
		EventsRejected:      c.eventsRejected.Load(),
		BytesRead:           c.bytesRead.Load(),
		BytesInflated:       c.bytesInflated.Load(),
		Acknowledgements:    c.acknowledgements.Load(),
		Heartbeats:          c.heartbeats.Load(),
		FramingErrors:       c.framingErrors.Load(),
		DecompressionErrors: c.decompressionErrors.Load(),
		WrongProtocol:       c.wrongProtocol.Load(),
		HandshakeErrors:     c.handshakeErrors.Load(),
		HandlerErrors:       c.handlerErrors.Load(),
		Timeouts:            c.timeouts.Load(),
		Lost:                c.lost.Load(),
		LimitHits:           c.limits.snapshot(),
	}
}
