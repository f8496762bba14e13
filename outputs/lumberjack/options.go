package lumberjack

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/logboom/logboom/internal/shipper"
)

// Defaults of Options: those of Filebeat.
const (
	DefaultWindow      = shipper.DefaultWindow
	DefaultCompression = shipper.DefaultCompression
	DefaultPipelining  = shipper.DefaultPipelining
	DefaultTimeout     = shipper.DefaultTimeout
)

// Options say where and how to send. Hosts are needed; zero values stand for the defaults, except for Compression, where 0
// is a level.
type Options struct {
	// Hosts are the receivers, as host:port, tried in this order; without a port it is 5044.
	Hosts []string
	// TLS makes the connections TLS sessions, nil plain ones. An empty ServerName is filled from the host.
	TLS *tls.Config
	// Window is the most events in a window.
	Window int
	// Compression is the zlib level from 1 to 9; 0 sends bare frames.
	Compression int
	// Pipelining is how many windows may be under way on a connection.
	Pipelining int
	// Connections is how many there are, each for one Write at a time; 1 by default, which keeps the order of the events.
	Connections int
	// LoadBalance makes the connections begin at different hosts.
	LoadBalance bool
	// Timeout is how long to wait for a connection, and for anything to move on it while a window is under way.
	Timeout time.Duration
}

func (o *Options) setDefaults() {
	o.Connections = max(1, o.Connections)
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Pipelining == 0 {
		o.Pipelining = DefaultPipelining
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
}

// validate returns every mistake at once.
func (o *Options) validate() error {
	var mistakes []error
	if len(o.Hosts) == 0 {
		mistakes = append(mistakes, errors.New("hosts: give one at least, such as logboom:5044"))
	}
	for i, host := range o.Hosts {
		if name, _, err := net.SplitHostPort(host); err == nil && name == "" || host == "" {
			mistakes = append(mistakes, fmt.Errorf("hosts[%d]: %q is not a host and port such as logboom:5044", i, host))
		}
	}
	for _, number := range []struct {
		name               string
		value, least, most int64
	}{
		{"window", int64(o.Window), 1, shipper.MostEvents},
		{"compression_level", int64(o.Compression), 0, 9},
		{"pipelining", int64(o.Pipelining), 1, 1000},
		{"timeout", int64(o.Timeout), 1, 1<<63 - 1},
	} {
		if number.value < number.least || number.value > number.most {
			mistakes = append(mistakes, fmt.Errorf("%s: %d is out of range: from %d to %d",
				number.name, number.value, number.least, number.most))
		}
	}
	return errors.Join(mistakes...)
}

// client returns the options of a client for a host. It gives up at the first failure: trying again is the loop's.
func (o *Options) client(host string) shipper.Options {
	return shipper.Options{
		Address: host, TLS: o.TLS, Window: o.Window, Compression: o.Compression, Pipelining: o.Pipelining, Timeout: o.Timeout,
		Attempts: 1,
	}
}
