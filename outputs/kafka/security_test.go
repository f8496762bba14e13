package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/logboom/logboom/internal/kafka"
)

const secret = "s3cret-of-this-test"

func secured(t *testing.T, mechanism string, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	return newCluster(t, append([]kfake.Opt{
		kfake.SeedTopics(1, testTopic), kfake.EnableSASL(), kfake.Superuser(mechanism, "logboom", secret),
		kfake.Superuser(kafka.ScramSHA512, "admin", "admin"),
	}, options...)...)
}

func asAdmin() kgo.Opt {
	return kgo.SASL(scram.Auth{User: "admin", Pass: "admin"}.AsSha512Mechanism())
}

func TestLogin(t *testing.T) {
	for _, mechanism := range []string{kafka.Plain, kafka.ScramSHA256, kafka.ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			cluster := secured(t, mechanism)
			options := optionsFor(cluster.ListenAddrs()...)
			options.Cluster.SASL = kafka.SASL{Mechanism: mechanism, Username: "logboom", Password: secret}
			w := newWriter(t, options)
			if err := w.Check(context.Background()); err != nil {
				t.Errorf("Check: %v", err)
			}
			w.must(w.batch(testTopic, "a"))
			got := valuesOf(stored(t, cluster.ListenAddrs(), 1, []string{testTopic}, asAdmin()))
			if len(got) != 1 || got[0] != "a" {
				t.Errorf("stored is %q", got)
			}
		})
	}
}

// A refused login must be said soon, and not be tried in a loop: accounts are locked for that.
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{kafka.Plain, kafka.ScramSHA256, kafka.ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			cluster := secured(t, mechanism)
			logins := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.SASLHandshake}, Observe: true, Count: -1})
			const wrong = "wr0ng-of-this-test"
			var log logged
			options := optionsFor(cluster.ListenAddrs()...)
			options.Cluster.SASL = kafka.SASL{Mechanism: mechanism, Username: "logboom", Password: wrong}
			options.Logger = zerolog.New(&log).Level(zerolog.TraceLevel)
			w := newWriter(t, options)
			begin := time.Now()
			outcomes := w.once(w.batch(testTopic, "a", "b"))
			if !isBlocked(outcomes[0]) || !isBlocked(outcomes[1]) || !errors.Is(outcomes[0], kafka.ErrAuthentication) {
				t.Fatalf("outcomes %v", outcomes)
			}
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("it took %s to say so", took)
			}
			tried := logins.Hits()
			time.Sleep(time.Second) // a client that goes on would have tried again by now
			if again := logins.Hits() - tried; again > 1 || tried > 3 {
				t.Errorf("%d logins in the Write, %d behind it", tried, again)
			}
			err := w.Check(context.Background())
			if !errors.Is(err, kafka.ErrAuthentication) {
				t.Errorf("Check: %v", err)
			}
			if strings.Contains(log.String()+err.Error()+outcomes[0].Error(), wrong) {
				t.Error("the password was shown")
			}
		})
	}
}

// The password is changed while events are being written.
func TestLoginIsRefusedLater(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	cluster := secured(t, kafka.ScramSHA256, kfake.Ports(port))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Cluster.SASL = kafka.SASL{Mechanism: kafka.ScramSHA256, Username: "logboom", Password: secret}
	w := newWriter(t, options)
	w.must(w.batch(testTopic, "a"))
	cluster.Close()
	changed := newCluster(t, kfake.Ports(port), kfake.SeedTopics(1, testTopic), kfake.EnableSASL(),
		kfake.Superuser(kafka.ScramSHA512, "admin", "admin"), kfake.Superuser(kafka.ScramSHA256, "logboom", "another"))
	batch := w.batch(testTopic, "b")
	outcomes := w.once(batch)
	if !isBlocked(outcomes[0]) || !errors.Is(outcomes[0], kafka.ErrAuthentication) {
		t.Fatalf("outcomes %v", outcomes)
	}
	w.options.Cluster.SASL.Password = "another"
	w.must(batch)
	got := valuesOf(stored(t, changed.ListenAddrs(), 1, []string{testTopic}, asAdmin()))
	if len(got) != 1 || got[0] != "b" {
		t.Errorf("stored is %q", got)
	}
}

func TestNotAllowed(t *testing.T) {
	t.Parallel()
	mayWrite := kfake.ACL{
		Resource: kmsg.ACLResourceTypeTopic, Name: "open", Pattern: kmsg.ACLResourcePatternTypeLiteral,
		Operation: kmsg.ACLOperationWrite, Allow: true,
	}
	cluster := secured(t, kafka.ScramSHA512, kfake.SeedTopics(1, "open"), kfake.EnableACLs(),
		kfake.User(kafka.ScramSHA256, "writer", secret, mayWrite))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Cluster.SASL = kafka.SASL{Mechanism: kafka.ScramSHA256, Username: "writer", Password: secret}
	w := newWriter(t, options)
	if err := w.Check(context.Background()); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("Check: %v", err)
	}
	batch := joined(w.batch("open", "a"), w.batch(testTopic, "b"), w.batch("open", "c"))
	outcomes := w.once(batch)
	if outcomes[0] != nil || outcomes[2] != nil || !isBlocked(outcomes[1]) || !errors.Is(outcomes[1], ErrNotAllowed) ||
		!strings.Contains(outcomes[1].Error(), "WRITE on topic logs") {
		t.Errorf("outcomes %v", outcomes)
	}
}

// tlsFor returns the configuration of a broker at 127.0.0.1 and that of a client that trusts it.
func tlsFor(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return server, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server, client := tlsFor(t)
	_, stranger := tlsFor(t)
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic), kfake.TLS(server))
	options := optionsFor(cluster.ListenAddrs()...)
	options.Cluster.TLS = client
	w := newWriter(t, options)
	w.must(w.batch(testTopic, "a"))
	if err := w.Check(context.Background()); err != nil {
		t.Errorf("Check: %v", err)
	}
	options.Cluster.TLS = stranger
	w = newWriter(t, options)
	outcomes := w.once(w.batch(testTopic, "b"))
	if !isBlocked(outcomes[0]) || !errors.Is(outcomes[0], kafka.ErrTLS) {
		t.Errorf("outcomes %v", outcomes)
	}
	got := valuesOf(stored(t, cluster.ListenAddrs(), 1, []string{testTopic}, kgo.DialTLSConfig(client)))
	if len(got) != 1 || got[0] != "a" {
		t.Errorf("stored is %q", got)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	plain := newCluster(t, kfake.SeedTopics(1, testTopic))
	for name, test := range map[string]struct {
		brokers []string
		topic   string
		want    error
	}{
		"all is well":         {plain.ListenAddrs(), testTopic, nil},
		"the event says":      {plain.ListenAddrs(), "%{[topic]}", nil},
		"the topic is absent": {plain.ListenAddrs(), "absent", kafka.ErrUnknownTopic},
		"nobody answers":      {[]string{"127.0.0.1:" + strconv.Itoa(freePort(t))}, testTopic, kafka.ErrUnreachable},
		"nobody, event says":  {[]string{"127.0.0.1:" + strconv.Itoa(freePort(t))}, "%{[topic]}", kafka.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			options := optionsFor(test.brokers...)
			options.Topic = test.topic
			w := newWriter(t, options)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := w.Check(ctx); !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
