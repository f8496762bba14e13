package logstash

import (
	"crypto/tls"
	"net/netip"
	"strings"
)

// Origin is where and when an event came from. Append and Scan only read it, so one serves a whole batch.
type Origin struct {
	// Arrival is when the event was received, in nanoseconds since 1970. It is the event's time if it brings none that
	// can be read.
	Arrival int64
	// RemoteIP is the address of the client; the zero Addr if it is not known.
	RemoteIP netip.Addr
	// TLS is who the client proved to be, nil if it was not asked to prove anything: on a plain connection, or with
	// ssl_client_authentication none.
	TLS *TLSPeer
}

// TLSPeer is what ssl_peer_metadata tells about a client that was asked for its certificate.
type TLSPeer struct {
	// Verified says whether there was a certificate. The fields below are only told if there was, as in Logstash.
	Verified bool
	// Version is that of the protocol, in Java's spelling: TLSv1.3.
	Version string
	// Subject is the client's distinguished name in the form of RFC 2253: CN=web1,O=Example,C=NL.
	Subject string
	// Cipher is the name of the cipher suite, as IANA has it: TLS_AES_128_GCM_SHA256.
	Cipher string
}

// PeerOf returns what a finished handshake tells about a client that was asked for its certificate. The certificate
// counts as verified, so the configuration must verify those that are given.
func PeerOf(state *tls.ConnectionState) *TLSPeer {
	peer := &TLSPeer{
		Version: strings.Replace(tls.VersionName(state.Version), "TLS ", "TLSv", 1),
		Cipher:  tls.CipherSuiteName(state.CipherSuite),
	}
	if len(state.PeerCertificates) > 0 {
		peer.Verified = true
		peer.Subject = state.PeerCertificates[0].Subject.String()
	}
	return peer
}
