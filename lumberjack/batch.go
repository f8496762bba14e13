package lumberjack

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// The values of Batch.Version.
const (
	Version1 byte = '1'
	Version2 byte = '2'
)

// Handler takes the events of one window. A nil error means that they are safe: the client gets its acknowledgement and
// forgets them. An error closes the connection without one, and the client sends them again.
//
// A Handler may return nil before they are safe if it sets Batch.Wait: the connection then reads on, and the window is
// acknowledged after those before it, when Wait has returned nil.
//
// The Handler is called from the goroutine of the connection, so calls for different connections run at the same time
// and calls for one connection never do: they come in the order of the windows. ctx ends when the client is found gone,
// when another window of the connection failed, or when Shutdown runs out of time. The batch and all that it refers to
// belong to the server again as soon as the Handler, and Wait if there is one, has returned.
type Handler func(ctx context.Context, batch *Batch) error

// Batch is one window.
type Batch struct {
	// Events are the events in the order they came, each as its bytes on the wire: one JSON document, unchecked. Events
	// of version 1 came as pairs of key and value and are JSON objects made of them. They are slices of the
	// connection's buffers, valid until the Handler, or Wait, returns; who keeps them copies them.
	Events [][]byte
	// Rejected are the events of this window that were beyond a limit. Their framing was good, so they are acknowledged
	// with the others: a client would otherwise send them for ever.
	Rejected []Rejected
	// Parts are how the events came, in order, where Options.KeepParts is set: who stores a window can store these, which
	// are compressed already. Valid as long as Events.
	Parts []Part
	// Remote is the address of the client.
	Remote net.Addr
	// Version is the version of the protocol that the window was sent in: Version1 or Version2.
	Version byte
	// TLS is the state of the TLS session, nil on a plain connection. It must not be changed.
	TLS *tls.ConnectionState
	// Received is when the last byte of the window was read.
	Received time.Time
	// Wait, if the Handler sets it, returns nil once the events are safe, and otherwise why they are not, which ends the
	// connection. It is called once, from another goroutine than the Handler was; what it waits for must end when ctx does.
	Wait func() error
}

// Part is a run of a window's events.
type Part struct {
	// Count is how many of Batch.Events it is, behind those of the parts before.
	Count int
	// Zlib is the payload of the compressed frame that they came in, a zlib stream of just so many JSON frames of version
	// 2, each 10 bytes, of which the last four are the length, and the event. It is nil where they did not come like that:
	// bare, in version 1, or together with something that was not kept.
	Zlib []byte
}

// Rejected is an event that was read but not kept.
type Rejected struct {
	// Prefix is the beginning of the event, at most 64 KiB of it: of its JSON document, or in version 1 of its keys and
	// values as they came, one after the other. Valid as long as Batch.Events.
	Prefix []byte
	// Length is the length of the whole event in bytes, of the same bytes that Prefix is the beginning of.
	Length int64
	// Reason says which limit it was, for people.
	Reason string
}

// rejectedPrefix is how much of an event beyond a limit is kept, so that people can see what it was.
const rejectedPrefix = 64 << 10
