package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// authority is a CA for one test; it writes what it issues as PEM files.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, certificate, key, writePEM(t, "ca.pem", "CERTIFICATE", der)}
}

// issue returns the files of a certificate for 127.0.0.1 and its key.
func (a *authority) issue() (certificate, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return writePEM(a.t, "certificate.pem", "CERTIFICATE", der), writePEM(a.t, "key.pem", "EC PRIVATE KEY", bytes)
}

func writePEM(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newTLSCluster(t *testing.T, authority *authority, clients tls.ClientAuthType) *kfake.Cluster {
	t.Helper()
	certificate, key := authority.issue()
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.certificate)
	return newCluster(t, kfake.SeedTopics(1, testTopic), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: clients, MinVersion: tls.VersionTLS12,
	}))
}

func mustLoad(t *testing.T, ca, certificate, key string, insecure bool) *tls.Config {
	t.Helper()
	config, err := LoadTLS(ca, certificate, key, insecure)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestReadOverTLS(t *testing.T) {
	authority := newAuthority(t)
	cluster := newTLSCluster(t, authority, tls.RequireAndVerifyClientCert)
	certificate, key := authority.issue()
	config := mustLoad(t, authority.file, certificate, key, false)
	newProducer(t, cluster.ListenAddrs(), kgo.DialTLSConfig(config)).send(testTopic, 0, "e")
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.TLS = config
	_, _ = start(t, journal, options)
	journal.expect(t, []string{"e"})
}

func TestCheckOverTLS(t *testing.T) {
	t.Parallel()
	authority, stranger := newAuthority(t), newAuthority(t)
	cluster := newTLSCluster(t, authority, tls.NoClientCert)
	plain := newCluster(t, kfake.SeedTopics(1, testTopic))
	for name, test := range map[string]struct {
		brokers []string
		config  *tls.Config
		want    error
	}{
		"trusted":                  {cluster.ListenAddrs(), mustLoad(t, authority.file, "", "", false), nil},
		"signed by a stranger":     {cluster.ListenAddrs(), mustLoad(t, stranger.file, "", "", false), ErrTLS},
		"not verified":             {cluster.ListenAddrs(), mustLoad(t, stranger.file, "", "", true), nil},
		"system authorities":       {cluster.ListenAddrs(), mustLoad(t, "", "", "", false), ErrTLS},
		"no TLS to a TLS port":     {cluster.ListenAddrs(), nil, ErrUnreachable},
		"TLS to a port without it": {plain.ListenAddrs(), mustLoad(t, authority.file, "", "", false), errAny},
	} {
		t.Run(name, func(t *testing.T) {
			options := testOptions(test.brokers)
			options.TLS = test.config
			source, err := New(newStore().handle, newStore().position, options)
			if err != nil {
				t.Fatal(err)
			}
			// The broker that expects no TLS waits for the rest of what it takes for a very large request.
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			err = source.Check(ctx)
			if errors.Is(test.want, errAny) && err != nil {
				return
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

var errAny = errors.New("any error")

func TestLoadTLSMistakes(t *testing.T) {
	authority := newAuthority(t)
	certificate, key := authority.issue()
	_, otherKey := authority.issue()
	for name, test := range map[string]struct {
		ca, certificate, key, want string
	}{
		"authorities absent":      {"/nowhere/ca.pem", "", "", "/nowhere/ca.pem"},
		"authorities are a key":   {key, "", "", "holds no PEM certificate"},
		"certificate without key": {"", certificate, "", "given together"},
		"key without certificate": {"", "", key, "given together"},
		"another's key":           {"", certificate, otherKey, "load client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadTLS(test.ca, test.certificate, test.key, false)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
