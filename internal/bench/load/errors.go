package load

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Errors that are found with errors.Is.
var (
	// ErrOptions says that options can't be.
	ErrOptions = errors.New("wrong option")
	// ErrInterrupted says that the context ended a run before it was over.
	ErrInterrupted = errors.New("interrupted")
	// ErrInvalidSequence says that the server acknowledged what was not sent.
	ErrInvalidSequence = errors.New("invalid sequence number acknowledged")
	// ErrNotLumberjack says that the server answered something that is no acknowledgement of version 2.
	ErrNotLumberjack = errors.New("answer is not Lumberjack")
)

// explain names the connection and how far it came, and adds to its error what can be done about it.
func explain(options Options, number int, action string, events int64, err error) error {
	return fmt.Errorf("%s %s: %w (%s; connection %d of %d, after %d events)",
		action, options.Address, err, remedy(options, err), number, options.Connections, events)
}

func remedy(options Options, err error) string {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	var timeout net.Error
	switch {
	case plain:
		return "the server does not speak TLS on this port: leave TLS off"
	case authority:
		return "give the certificate of the authority that signed the server's"
	case name:
		return "the server's certificate is for another name: connect by a name that it has"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is a server running, and does it listen on this port?"
	case errors.Is(err, syscall.EMFILE):
		return "too few file descriptors for so many connections: raise ulimit -n"
	case errors.Is(err, ErrNotLumberjack):
		return "another service listens there: check host and port; where it is TLS, set TLS"
	case errors.Is(err, ErrInvalidSequence):
		return "the server does not keep to the protocol"
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no sign of life for %s: check host, port and firewalls; a server that is only busy sends heartbeats",
			options.Timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE):
		return "the server closed the connection without acknowledging: is it stopping, does it want TLS, is the window too " +
			"large for it? its log says why"
	}
	return "check host, port and network"
}
