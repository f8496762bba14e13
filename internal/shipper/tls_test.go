package shipper

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/lumberjack"
)

// authority signs certificates for a test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.certificate)
	return a
}

// sign returns a certificate for 127.0.0.1 or for a name, valid until then.
func (a *authority) sign(t *testing.T, name string, until time.Time) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func TestTLS(t *testing.T) {
	authority, stranger := newAuthority(t), newAuthority(t)
	good := authority.sign(t, "127.0.0.1", time.Now().Add(time.Hour))
	trusting := &tls.Config{RootCAs: authority.pool}
	known := &tls.Config{RootCAs: authority.pool, Certificates: []tls.Certificate{good}}
	for _, test := range []struct {
		name   string
		server *tls.Config
		client *tls.Config
		says   string
	}{
		{"works", &tls.Config{Certificates: []tls.Certificate{good}}, trusting, ""},
		{"works with TLS 1.2", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}, trusting, ""},
		{
			"works with a client certificate",
			&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool},
			known, "",
		},
		{
			"client certificate wanted",
			&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool},
			trusting, "client certificate",
		},
		{
			"unknown authority", &tls.Config{Certificates: []tls.Certificate{good}},
			&tls.Config{RootCAs: stranger.pool}, "authority that signed",
		},
		{
			"other name", &tls.Config{Certificates: []tls.Certificate{authority.sign(t, "elsewhere", time.Now().Add(time.Hour))}},
			trusting, "for another name",
		},
		{
			"expired", &tls.Config{Certificates: []tls.Certificate{authority.sign(t, "127.0.0.1", time.Now().Add(-time.Hour))}},
			trusting, "has it expired",
		},
		{"plain server", nil, trusting, "does it speak TLS"},
		{"plain client", &tls.Config{Certificates: []tls.Certificate{good}}, nil, "does it want TLS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got collector
			listener := listen(t)
			serve(t, listener, got.handle, lumberjack.Options{TLS: test.server})
			options := quick(listener.Addr().String())
			options.TLS, options.Attempts = test.client, 1
			err := shipOnce(t, options)
			switch {
			case test.says == "" && (err != nil || len(got.all()) != 100):
				t.Errorf("%d events came, %v", len(got.all()), err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) ||
				!strings.Contains(err.Error(), options.Address)):
				t.Errorf("error %v, want one that says %q", err, test.says)
			}
		})
	}
}

// shipOnce sends 100 events with a client of its own.
func shipOnce(t *testing.T, options Options) error {
	t.Helper()
	client, err := Dial(soon(t), options)
	if err != nil {
		return err
	}
	err = errors.Join(client.Send(soon(t), numbered(100)), client.Flush(soon(t)))
	if closed := client.Close(); err == nil {
		err = closed
	}
	return err
}

func TestOtherServersAreRecognised(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	options := quick(plain.Listener.Addr().String())
	options.Attempts, options.Timeout = 1, 100*time.Millisecond // it waits for the end of a request
	if err := shipOnce(t, options); !errors.Is(err, ErrGaveUp) || !strings.Contains(err.Error(), "check host, port") {
		t.Errorf("HTTP server: %v", err)
	}
	options.Timeout = patience
	options.TLS = &tls.Config{}
	if err := shipOnce(t, options); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("HTTP server with TLS: %v", err)
	}
}
