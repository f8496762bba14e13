package lumberjack

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
)

// What ProtocolError.Found can be.
const (
	foundHTTP  = "HTTP"
	foundTLS   = "TLS"
	foundPlain = "plain Lumberjack"
)

// httpBeginnings are the first four bytes of an HTTP request.
var httpBeginnings = []string{"GET ", "POST", "PUT ", "HEAD", "OPTI", "DELE", "PATC", "CONN", "TRAC", "PRI "}

// tlsHandshake is the first byte of a TLS session, and tlsMajor the second.
const (
	tlsHandshake = 0x16
	tlsMajor     = 0x03
)

// recognise says what a client speaks that is not Lumberjack, from its first four bytes or what there is of them, or
// returns nil.
func recognise(beginning []byte, peer net.Addr) error {
	from := host(peer)
	switch {
	case slices.Contains(httpBeginnings, string(beginning)):
		return &ProtocolError{foundHTTP, from, "HTTP client on the Lumberjack port from " + from}
	case len(beginning) >= 2 && beginning[0] == tlsHandshake && beginning[1] == tlsMajor:
		return &ProtocolError{foundTLS, from, "TLS client on the plain Lumberjack port from " + from +
			": set inputs.lumberjack.tls or remove ssl from Filebeat's output"}
	}
	return nil
}

// recognisePlain says what a client speaks whose TLS handshake failed at its first record, or returns nil.
func recognisePlain(handshake error, peer net.Addr) error {
	header, ok := errors.AsType[tls.RecordHeaderError](handshake)
	if !ok {
		return nil
	}
	from, first := host(peer), header.RecordHeader
	if slices.Contains(httpBeginnings, string(first[:4])) {
		return &ProtocolError{foundHTTP, from, "HTTP client on the Lumberjack port from " + from}
	}
	if (first[0] == Version1 || first[0] == Version2) && first[1] == frameWindow {
		return &ProtocolError{foundPlain, from, "plain client on the TLS Lumberjack port from " + from +
			": set ssl in Filebeat's output or remove inputs.lumberjack.tls"}
	}
	return nil
}

// host returns the IP address without the port.
func host(address net.Addr) string {
	if name, _, err := net.SplitHostPort(address.String()); err == nil {
		return name
	}
	return address.String()
}
