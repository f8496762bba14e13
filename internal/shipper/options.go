package shipper

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// Defaults of Options: those of Filebeat 8.6.
const (
	DefaultPort           = "5044"
	DefaultWindow         = 2048
	DefaultCompression    = 3
	DefaultPipelining     = 2 // Filebeat's pipelining of 2 is three windows, of which its queue holds two
	DefaultTimeout        = 30 * time.Second
	DefaultLinger         = time.Second
	DefaultInitialBackoff = time.Second
	DefaultMostBackoff    = 60 * time.Second
)

// MostEvents is the largest Options.Window, and MaxEvent the largest event in bytes that Send takes. No server in use
// takes more of either.
const (
	MostEvents = 1_000_000
	MaxEvent   = 64 << 20
)

// Options are what a Client can be told. Zero values stand for the defaults, except for Compression, where 0 is a level;
// DefaultOptions has it right.
type Options struct {
	// Address is the server's, as host:port; without a port it is 5044.
	Address string
	// TLS makes the connection a TLS session, nil a plain one. An empty ServerName is filled from Address.
	TLS *tls.Config
	// Window is the most events in a window, Filebeat's bulk_max_size: 2048.
	Window int
	// Compression is the zlib level, 1 to 9, of which Filebeat's default is 3; 0 sends bare frames.
	Compression int
	// Pipelining is how many windows may be sent and not yet acknowledged: 2.
	Pipelining int
	// Timeout is how long to wait for a connection, TLS included, and for anything to move on it while a window is under
	// way: 30 s.
	Timeout time.Duration
	// Linger is how long a window may wait to become full after its first event came: 1 s. A negative one sends what
	// there is as soon as there is room.
	Linger time.Duration
	// SlowStart begins with windows of 10 events, makes them half as large again for each full one that is acknowledged,
	// up to Window, and half as large after a lost connection.
	SlowStart bool
	// Backoff is how long to wait before another try.
	Backoff Backoff
	// Attempts is how many times in a row it may fail, without a window acknowledged in between, before the client gives
	// up with ErrGaveUp. 0 is no limit.
	Attempts int

	// The callbacks are called one at a time for each kind, from goroutines of the client, and must not call its
	// methods other than Stats. Each may be nil.

	// OnSent is told of each window that was handed to the network, once for each time.
	OnSent func(Delivery)
	// OnAcknowledged is told of each window that was delivered. It may come before OnSent of the same window.
	OnAcknowledged func(Delivery)
	// OnRetry is told why a connection failed or was lost, a *ConnectionError, and after which time it is tried again.
	OnRetry func(err error, after time.Duration)
}

// Backoff bounds the waits between tries. The first is between Initial and twice that; each is twice the one before
// until it would be more than Most, with chance in it so that many clients do not come back at once. The zero value is
// 1 s to 60 s.
type Backoff struct{ Initial, Most time.Duration }

// Delivery is one window on its way.
type Delivery struct {
	// Events is how many there are in it.
	Events int
	// Bytes is its size on the wire.
	Bytes int
	// Resent says that it was sent before, on a connection that was lost.
	Resent bool
	// Elapsed is the time since the client first began to write it.
	Elapsed time.Duration
}

// DefaultOptions returns what Filebeat does by default, for a server at that address.
func DefaultOptions(address string) Options {
	return Options{Address: address, Compression: DefaultCompression}.withDefaults()
}

// withDefaults returns the options with the defaults in place of what was not set.
func (o Options) withDefaults() Options {
	o.Address = withPort(o.Address)
	setDefault(&o.Window, DefaultWindow)
	setDefault(&o.Pipelining, DefaultPipelining)
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.Linger, DefaultLinger)
	setDefault(&o.Backoff.Most, max(DefaultMostBackoff, o.Backoff.Initial))
	setDefault(&o.Backoff.Initial, min(DefaultInitialBackoff, o.Backoff.Most))
	return o
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// withPort returns an address that names a port.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil || address == "" {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), DefaultPort)
}

// validate returns what is wrong with the options, the first of it.
func (o *Options) validate() error {
	if o.Address == "" {
		return fmt.Errorf("options of shipper: no address: give the server's, such as 127.0.0.1:%s", DefaultPort)
	}
	bounds := []struct {
		name               string
		value, least, most int64
	}{
		{"window", int64(o.Window), 1, MostEvents},
		{"compression", int64(o.Compression), 0, 9},
		{"pipelining", int64(o.Pipelining), 1, 1000},
		{"timeout", int64(o.Timeout), 1, 1<<63 - 1},
		{"initial backoff", int64(o.Backoff.Initial), 1, int64(o.Backoff.Most)},
		{"attempts", int64(o.Attempts), 0, 1<<63 - 1},
	}
	for _, bound := range bounds {
		if bound.value < bound.least || bound.value > bound.most {
			return fmt.Errorf("options of shipper: %s %d: must be within %d and %d",
				bound.name, bound.value, bound.least, bound.most)
		}
	}
	return nil
}
