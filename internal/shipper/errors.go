package shipper

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Errors that are found with errors.Is.
var (
	// ErrGaveUp says that Options.Attempts are used up. It wraps the ConnectionError of the last one.
	ErrGaveUp = errors.New("gave up")
	// ErrClosed says that the client was closed.
	ErrClosed = errors.New("client closed")
	// ErrUnacknowledged says that events were dropped by Close.
	ErrUnacknowledged = errors.New("not acknowledged")
	// ErrEventTooLarge says that an event is larger than MaxEvent.
	ErrEventTooLarge = errors.New("event too large")
	// ErrInvalidSequence says that the server acknowledged what was not sent. Nothing counts as delivered by that.
	ErrInvalidSequence = errors.New("invalid sequence number acknowledged")
	// ErrNotLumberjack says that the server answered something that is no acknowledgement.
	ErrNotLumberjack = errors.New("answer is not Lumberjack")
)

// ConnectionError says what is wrong with a connection, and what can be done about it.
type ConnectionError struct {
	// Address is the server's.
	Address string
	// Action is what was tried, as a verb with its preposition.
	Action string
	// Remedy is for people: what may be the reason, and what to do. It is never empty.
	Remedy string
	// Err is what happened.
	Err error
}

// Error names the address, what happened, and the remedy.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("%s %s: %v (%s)", e.Action, e.Address, e.Err, e.Remedy)
}

// Unwrap returns what happened.
func (e *ConnectionError) Unwrap() error { return e.Err }

// explain makes a ConnectionError.
func explain(options Options, action string, err error) *ConnectionError {
	return &ConnectionError{Address: options.Address, Action: action, Remedy: remedy(options, err), Err: err}
}

// remedy says what can be done about an error of the connection.
func remedy(options Options, err error) string {
	if found := remedyOfTLS(err); found != "" {
		return found
	}
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		return "the name can't be resolved: check it, or give an IP address"
	}
	secure := options.TLS != nil
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is logboom running, and does it listen on this port?"
	case errors.Is(err, ErrInvalidSequence):
		return "the server does not keep to the protocol; the window is sent again"
	case errors.Is(err, ErrNotLumberjack):
		return "another service listens there: check host and port; where it is TLS, set TLS"
	case isTimeout(err):
		return fmt.Sprintf("no sign of life for %s: check host, port and firewalls; a server that is only busy "+
			"sends heartbeats", options.Timeout)
	case isGone(err) && secure:
		return "the server closed the connection: does it speak TLS, and want a client certificate? its log says why"
	case isGone(err):
		return "the server closed the connection without acknowledging: does it want TLS, is it stopping, or is the " +
			"window too large for it? its log says why"
	}
	return "check host, port and network"
}

// remedyOfTLS says what can be done about an error of TLS, and nothing about others.
func remedyOfTLS(err error) string {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	switch {
	case plain:
		return "the server does not speak TLS on this port: leave TLS off"
	case authority:
		return "give the certificate of the authority that signed the server's"
	case name:
		return "the server's certificate is for another name: connect by a name that it has"
	case invalid:
		return "the server's certificate is not valid: has it expired, is the clock right?"
	case alert || strings.Contains(err.Error(), "remote error: tls:"):
		return "the server refused the TLS session: does it want a client certificate, or another one?"
	}
	return ""
}

// isTimeout says whether a deadline passed.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// isGone says whether the server ended the connection.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
