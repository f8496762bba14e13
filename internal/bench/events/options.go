package events

import "time"

// Defaults of Options.
const (
	DefaultSize = 1200
	DefaultRate = 100_000
	DefaultKeys = 1000
)

// MinimumSize is the least Options.Size that is kept; what is asked for below that is somewhat larger than asked for.
const MinimumSize = 200

// DefaultStart is the @timestamp of the first event where none is given.
var DefaultStart = time.Date(2026, time.November, 23, 20, 0, 0, 0, time.UTC)

// Options say what the events are like. Zero values stand for the defaults.
type Options struct {
	// Size is the mean of the events' sizes in bytes: 1200. Smaller ones leave out what Filebeat's processors add, then all
	// but message, host.name, source.address and http.response.status_code; where there is room, message ends with a stack
	// trace.
	Size int
	// Start is the first event's @timestamp, and Rate how many events make a second of it: 100,000. A negative Rate
	// leaves all at Start.
	Start time.Time
	Rate  float64
	// Keys is how many distinct values source.address has: 1000. Of any so many events in a row, each has another one.
	Keys int
	// Hosts is how many distinct values host.name has, 1 by default as behind one Filebeat, and FirstHost the number of
	// the first of them.
	Hosts, FirstHost int
	// FirstOffset is log.offset of the first event.
	FirstOffset int64
	// Failures is the share of events whose http.response.status_code is 500 or more: 0.02. A negative one is none.
	Failures float64
}

func (o Options) withDefaults() Options {
	setDefault(&o.Size, DefaultSize)
	setDefault(&o.Start, DefaultStart)
	setDefault(&o.Rate, DefaultRate)
	setDefault(&o.Keys, DefaultKeys)
	setDefault(&o.Hosts, 1)
	setDefault(&o.Failures, 0.02)
	return o
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}
