package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The kinds of trouble with a broker. What Check returns and what Stats shows wraps one of them where it is known.
var (
	// ErrUnreachable: no broker answers at the addresses given.
	ErrUnreachable = errors.New("no Kafka broker reached: check the brokers' addresses and the listener's protocol (TLS, SASL)")
	// ErrTLS: a connection stands, but the two sides do not trust each other or do not both speak TLS.
	ErrTLS = errors.New("TLS with the Kafka broker failed: check the CA, the certificate and whether the port speaks TLS")
	// ErrAuthentication: the broker refused the login.
	ErrAuthentication = errors.New("Kafka login refused: check the SASL mechanism, the user name and the password")
	// ErrAuthorization: the login is good, but it may not do what is needed.
	ErrAuthorization = errors.New("not allowed by Kafka: the user needs READ on the topics and on the group")
	// ErrUnknownTopic: a topic does not exist (yet).
	ErrUnknownTopic = errors.New("Kafka topic does not exist")
)

// errRebalance is the cause of the end of a handler's context when the group has waited too long.
var errRebalance = errors.New("the consumer group wants to rebalance")

// classify wraps err in the sentinel of its kind, if it has one that is known and does not wrap it yet.
func classify(err error) error {
	kind := kindOf(err)
	if kind == nil || isClassified(err) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// isClassified tells whether err wraps a sentinel of this package. A second one would only say what follows from it.
func isClassified(err error) bool {
	return isOneOf(err, ErrUnreachable, ErrTLS, ErrAuthentication, ErrAuthorization, ErrUnknownTopic)
}

func kindOf(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return nil
	case isOneOf(err, kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState):
		return ErrAuthentication
	case isOneOf(err, kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed):
		return ErrAuthorization
	case isOneOf(err, kerr.UnknownTopicOrPartition):
		return ErrUnknownTopic
	case isTLS(err):
		return ErrTLS
	case isNetwork(err):
		return ErrUnreachable
	}
	return nil
}

func isOneOf(err error, candidates ...error) bool {
	for _, candidate := range candidates {
		if errors.Is(err, candidate) {
			return true
		}
	}
	return false
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	// franz-go recognises a TLS alert where an answer should be, but says so in words only.
	if strings.Contains(err.Error(), "speaking to a tls endpoint") {
		return true
	}
	return errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &host)
}

func isNetwork(err error) bool {
	var network net.Error
	var early *kgo.ErrFirstReadEOF
	return errors.As(err, &network) || errors.As(err, &early) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}
