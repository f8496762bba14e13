package lumberjack

import (
	"errors"
	"fmt"
)

// Errors that end a connection or a server. They are found with errors.Is.
var (
	// ErrFraming says that what came is not the Lumberjack protocol: an unknown frame, more events than announced, a
	// compressed frame in a compressed frame.
	ErrFraming = errors.New("lumberjack framing error")
	// ErrDecompression says that a compressed frame does not hold a whole and sound zlib stream.
	ErrDecompression = errors.New("lumberjack decompression error")
	// ErrHandler wraps what a Handler returned.
	ErrHandler = errors.New("handle window")
	// ErrServerClosed is returned by Serve when Shutdown was called before.
	ErrServerClosed = errors.New("lumberjack server closed")
	// ErrEncryptedKey is returned by LoadTLS for a key that needs a passphrase.
	ErrEncryptedKey = errors.New("private key is encrypted")
)

// LimitError says that a connection was closed because of a limit.
type LimitError struct {
	// Limit is the limit that was hit.
	Limit Limit
	// Peer is the address of the client.
	Peer string
	// Value is what the client asked for, Most what is allowed, in the unit of the limit.
	Value, Most int64
}

// Error names the limit, the client, and both numbers.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s hit by %s: %d, at most %d allowed", e.Limit, e.Peer, e.Value, e.Most)
}

// ProtocolError says that a client speaks something that is well known and is not Lumberjack as this port expects it.
type ProtocolError struct {
	// Found is what the client speaks: "HTTP", "TLS" or "plain Lumberjack".
	Found string
	// Peer is the IP address of the client.
	Peer string
	// Message is a whole sentence for people that names the client and, where there is one, the remedy.
	Message string
}

// Error returns the message.
func (e *ProtocolError) Error() string { return e.Message }
