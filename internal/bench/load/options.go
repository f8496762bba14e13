package load

import (
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
)

// Defaults of Options: those of Filebeat, where it has them.
const (
	DefaultPort        = "5044"
	DefaultWindow      = 2048
	DefaultLevel       = 3
	DefaultPipelining  = 2
	DefaultConnections = 1
	DefaultPool        = 65_536
	DefaultDuration    = 10 * time.Second
	DefaultTimeout     = 30 * time.Second
)

// The largest values of Options.
const (
	MostWindow      = 100_000
	MostConnections = 100_000
	MostPipelining  = 1000
	MostPool        = 1 << 22
)

// PoolOptions say what is sent.
type PoolOptions struct {
	// Window is how many events are in a window, Filebeat's bulk_max_size: 2048.
	Window int
	// Level is zlib's, 1 to 9, and 0 sends frames that are not compressed. Filebeat's default is 3.
	Level int
	// Events is how many distinct events are made, at least; they are rounded up to whole windows: 65,536.
	Events int
	// Last, if not 0, is the size of one more window, for a run of a number of events that does not divide by Window.
	Last int
	// Seed and Shape say what the events are like. Start, Rate and FirstOffset of Shape are not used.
	Seed  uint64
	Shape events.Options
	// Progress, if not nil, is told how many windows of how many are made, one call at a time.
	Progress func(done, all int)
}

func (o PoolOptions) withDefaults() PoolOptions {
	setDefault(&o.Window, DefaultWindow)
	setDefault(&o.Events, DefaultPool)
	return o
}

func (o PoolOptions) validate() error {
	return check([]bound{
		{"window", o.Window, 1, MostWindow},
		{"compression", o.Level, 0, 9},
		{"pool", o.Events, 1, MostPool},
		{"last window", o.Last, 0, MostWindow},
		{"event size", o.Shape.Size, 0, 16 << 20},
		{"keys", o.Shape.Keys, 0, math.MaxInt32},
	})
}

// Options say how a pool is sent. Exactly one of Events and Duration ends a run; where neither is set, it is Duration.
type Options struct {
	// Address is the server's, as host:port; without a port it is 5044.
	Address string
	// TLS makes connections TLS sessions, nil plain ones. An empty ServerName is filled from Address.
	TLS *tls.Config
	// Connections is how many there are: 1. Each is sent windows by a goroutine of its own.
	Connections int
	// Pipelining is how many windows of a connection may be sent and not yet acknowledged: 2.
	Pipelining int
	// Events is how many are sent, and Duration for how long: 10 s. What is under way then is waited for.
	Events   int64
	Duration time.Duration
	// Rate is how many events a second are sent at most, over all connections; 0 is no limit.
	Rate float64
	// Timeout is how long to wait for a connection, and for any sign of life on one with a window under way: 30 s.
	Timeout time.Duration
	// Progress, if not nil, is told now and then how many events were acknowledged so far, one call at a time.
	Progress func(acknowledged int64)
}

func (o Options) withDefaults() Options {
	if _, _, err := net.SplitHostPort(o.Address); err != nil && o.Address != "" {
		o.Address = net.JoinHostPort(strings.Trim(o.Address, "[]"), DefaultPort)
	}
	setDefault(&o.Connections, DefaultConnections)
	setDefault(&o.Pipelining, DefaultPipelining)
	setDefault(&o.Timeout, DefaultTimeout)
	if o.Events == 0 {
		setDefault(&o.Duration, DefaultDuration)
	}
	return o
}

// Check returns an ErrOptions for the first mistake that needs no server to be found.
func (o Options) Check() error { return o.withDefaults().validate() }

func (o Options) validate() error {
	switch {
	case o.Address == "":
		return fmt.Errorf("%w: no address", ErrOptions)
	case o.Events != 0 && o.Duration != 0:
		return fmt.Errorf("%w: both a number of events and a duration", ErrOptions)
	case o.Events < 0 || o.Duration < 0 || o.Timeout < 0:
		return fmt.Errorf("%w: a negative number of events, duration or timeout", ErrOptions)
	case !(o.Rate >= 0): // NaN, too
		return fmt.Errorf("%w: rate %v: must be 0 or more", ErrOptions, o.Rate)
	}
	return check([]bound{
		{"connections", o.Connections, 1, MostConnections}, {"pipelining", o.Pipelining, 1, MostPipelining},
	})
}

// bound is what a number must be within.
type bound struct {
	name               string
	value, least, most int
}

func check(bounds []bound) error {
	for _, b := range bounds {
		if b.value < b.least || b.value > b.most {
			return fmt.Errorf("%w: %s %d: must be within %d and %d", ErrOptions, b.name, b.value, b.least, b.most)
		}
	}
	return nil
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}
