package lumberjack

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
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

	"github.com/rs/zerolog"
)

// authority signs certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
	folder      string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := certificateTemplate("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	a := &authority{certificate: must(x509.ParseCertificate(der)), key: key, folder: t.TempDir()}
	a.file = a.write(t, "authority.pem", &pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func certificateTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// sign writes a certificate for the key.
func (a *authority) sign(t *testing.T, name string, key crypto.Signer) (file string) {
	t.Helper()
	der := must(x509.CreateCertificate(rand.Reader, certificateTemplate(name), a.certificate, key.Public(), a.key))
	return a.write(t, name+".pem", &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (a *authority) write(t *testing.T, name string, blocks ...*pem.Block) string {
	t.Helper()
	var content bytes.Buffer
	for _, block := range blocks {
		if err := pem.Encode(&content, block); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(a.folder, name)
	if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// trusting is the configuration of a client that trusts the authority, and shows a certificate if it has one.
func (a *authority) trusting(certificates ...tls.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return &tls.Config{RootCAs: pool, Certificates: certificates, ServerName: "127.0.0.1"}
}

// client returns a certificate of the authority.
func (a *authority) client(t *testing.T) tls.Certificate {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	file := a.write(t, "client.key", pkcs8(key))
	return must(tls.LoadX509KeyPair(a.sign(t, "client", key), file))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func pkcs8(key any) *pem.Block {
	return &pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}
}

func TestTLSWithEachKindOfKey(t *testing.T) {
	a := newAuthority(t)
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ec := &pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(ecKey))}
	for name, test := range map[string]struct {
		key    crypto.Signer
		blocks []*pem.Block
	}{
		"PKCS1":              {rsaKey, []*pem.Block{{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}}},
		"PKCS8 RSA":          {rsaKey, []*pem.Block{pkcs8(rsaKey)}},
		"PKCS8 EC":           {ecKey, []*pem.Block{pkcs8(ecKey)}},
		"PKCS8 Ed25519":      {edKey, []*pem.Block{pkcs8(edKey)}},
		"EC":                 {ecKey, []*pem.Block{ec}},
		"EC with parameters": {ecKey, []*pem.Block{{Type: "EC PARAMETERS", Bytes: []byte{6, 1, 2}}, ec}},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := LoadTLS(TLSOptions{
				Certificate: a.sign(t, "server", test.key), Key: a.write(t, "server.key", test.blocks...),
			})
			if err != nil {
				t.Fatal(err)
			}
			var got collector
			server := start(t, got.handle, Options{TLS: config})
			conn := tls.Client(server.dial(t), a.trusting())
			send(t, conn, recorded(t, "nginx.client"))
			expect(t, conn, recorded(t, "nginx.server"))
			if state := got.batches[0].TLS; state == nil || state.Version < tls.VersionTLS12 {
				t.Errorf("state %+v", state)
			}
		})
	}
}

// serverFiles returns options with a certificate and a key.
func (a *authority) serverFiles(t *testing.T) TLSOptions {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return TLSOptions{Certificate: a.sign(t, "server", key), Key: a.write(t, "server.key", pkcs8(key))}
}

func TestClientAuthentication(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	none, known, unknown := []tls.Certificate(nil), []tls.Certificate{a.client(t)}, []tls.Certificate{stranger.client(t)}
	for _, test := range []struct {
		mode        ClientAuthentication
		authorities bool
		show        []tls.Certificate
		taken, seen bool
	}{
		{"", false, none, true, false},
		{"none", false, known, true, false},
		{"none", true, none, true, false},
		{"optional", true, none, true, false},
		{"optional", true, known, true, true},
		{"optional", true, unknown, false, false},
		{"required", true, none, false, false},
		{"required", true, known, true, true},
		{"required", true, unknown, false, false},
		{"", true, none, false, false},
		{"", true, known, true, true},
	} {
		options := a.serverFiles(t)
		options.ClientAuthentication = test.mode
		if test.authorities {
			options.ClientAuthorities = []string{a.file}
		}
		var got collector
		server := start(t, got.handle, Options{TLS: must(LoadTLS(options))})
		config := a.trusting()
		if test.show != nil { // also one that the server does not ask for
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &test.show[0], nil }
		}
		conn := tls.Client(server.dial(t), config)
		send(t, conn, windowFrame(1), jsonFrame(1, `{}`))
		_, err := conn.Read(make([]byte, ackFrameSize))
		if taken := err == nil; taken != test.taken {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if !test.taken {
			eventually(t, "a handshake error", func() bool { return server.Stats().HandshakeErrors == 1 })
		} else if seen := len(got.batches[0].TLS.VerifiedChains) > 0; seen != test.seen {
			t.Errorf("%+v: certificate seen: %v", test, seen)
		}
	}
}

func TestTLSVersions(t *testing.T) {
	a := newAuthority(t)
	for _, test := range []struct {
		minimum, offered uint16
		taken            bool
	}{
		{0, tls.VersionTLS11, false},
		{tls.VersionTLS10, tls.VersionTLS11, false},
		{0, tls.VersionTLS12, true},
		{0, tls.VersionTLS13, true},
		{tls.VersionTLS13, tls.VersionTLS12, false},
	} {
		options := a.serverFiles(t)
		options.MinimumVersion = test.minimum
		var got collector
		server := start(t, got.handle, Options{TLS: must(LoadTLS(options))})
		config := a.trusting()
		config.MinVersion, config.MaxVersion = test.offered, test.offered
		if err := tls.Client(server.dial(t), config).Handshake(); (err == nil) != test.taken {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestLoadTLSErrors(t *testing.T) {
	a := newAuthority(t)
	good := a.serverFiles(t)
	other := a.write(t, "other.key", pkcs8(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))))
	pkcs8Encrypted := a.write(t, "encrypted8.key", &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	pkcs1Encrypted := a.write(t, "encrypted1.key", &pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: []byte{1}, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "x"},
	})
	for name, test := range map[string]struct {
		change func(*TLSOptions)
		want   string
	}{
		"no certificate":      {func(o *TLSOptions) { o.Certificate = "missing.pem" }, "read certificate: open missing.pem"},
		"no key":              {func(o *TLSOptions) { o.Key = "missing.key" }, "read key: open missing.key"},
		"key of another":      {func(o *TLSOptions) { o.Key = other }, "with key " + other},
		"encrypted PKCS8":     {func(o *TLSOptions) { o.Key = pkcs8Encrypted }, "private key is encrypted: " + pkcs8Encrypted},
		"encrypted PKCS1":     {func(o *TLSOptions) { o.Key = pkcs1Encrypted }, "passphrases are not supported"},
		"no authority":        {func(o *TLSOptions) { o.ClientAuthorities = []string{"missing.pem"} }, "read client authority"},
		"key as authority":    {func(o *TLSOptions) { o.ClientAuthorities = []string{other} }, "no certificate in it"},
		"unknown mode":        {func(o *TLSOptions) { o.ClientAuthentication = "maybe" }, `"maybe" is none of`},
		"required of nobody":  {func(o *TLSOptions) { o.ClientAuthentication = "required" }, "needs client authorities"},
		"optional for nobody": {func(o *TLSOptions) { o.ClientAuthentication = "optional" }, "needs client authorities"},
	} {
		options := good
		test.change(&options)
		_, err := LoadTLS(options)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		if strings.HasPrefix(name, "encrypted") && !errors.Is(err, ErrEncryptedKey) {
			t.Errorf("%s: %v is not ErrEncryptedKey", name, err)
		}
	}
}

// TLS that is set is never silently off.
func TestWrongProtocols(t *testing.T) {
	a := newAuthority(t)
	config := must(LoadTLS(a.serverFiles(t)))
	clientHello := append([]byte{0x16, 0x03, 0x01, 0x02, 0x00, 0x01}, make([]byte, 200)...)
	plainPort, tlsPort := (*tls.Config)(nil), config
	const tlsToPlain = "TLS client on the plain Lumberjack port from 127.0.0.1: " +
		"set inputs.lumberjack.tls or remove ssl from Filebeat's output"
	const plainToTLS = "plain client on the TLS Lumberjack port from 127.0.0.1: " +
		"set ssl in Filebeat's output or remove inputs.lumberjack.tls"
	const http = "HTTP client on the Lumberjack port from 127.0.0.1"
	for name, test := range map[string]struct {
		tls   *tls.Config
		input []byte
		want  string
	}{
		"GET on a plain port":  {plainPort, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), http},
		"POST on a plain port": {plainPort, []byte("POST /_bulk HTTP/1.1\r\nHost: x\r\n\r\n"), http},
		"HTTP/2":               {plainPort, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), http},
		"TLS on a plain port":  {plainPort, clientHello, tlsToPlain},
		"GET on a TLS port":    {tlsPort, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), http},
		"plain on a TLS port":  {tlsPort, recorded(t, "nginx.client"), plainToTLS},
		"something else":       {plainPort, []byte("SSH-2.0-OpenSSH_9.9\r\n"), "framing error"},
	} {
		t.Run(name, func(t *testing.T) {
			var got collector
			var log lines
			server := start(t, got.handle, Options{TLS: test.tls, Logger: zerolog.New(&log)})
			for range 3 {
				conn := server.dial(t)
				send(t, conn, test.input)
				_, _ = conn.Read(make([]byte, 100)) // an alert, or the end
			}
			stats := func() Stats { return server.Stats() }
			eventually(t, "three counted", func() bool { return stats().WrongProtocol+stats().FramingErrors == 3 })
			eventually(t, "a line", func() bool { return strings.Contains(log.String(), test.want) })
			if count := strings.Count(log.String(), "\n"); count != 1 {
				t.Errorf("%d lines, want one: %s", count, log.String())
			}
			if len(got.all()) > 0 {
				t.Error("events were handled")
			}
		})
	}
}

// What only looks whether the port is open is no error.
func TestProbesAreSilent(t *testing.T) {
	a := newAuthority(t)
	for _, config := range []*tls.Config{nil, must(LoadTLS(a.serverFiles(t)))} {
		var log lines
		server := start(t, new(collector).handle, Options{TLS: config, Logger: zerolog.New(&log).Level(zerolog.InfoLevel)})
		closed := server.dial(t)
		_ = closed.Close()
		reset := server.dial(t)
		_ = reset.SetLinger(0)
		_ = reset.Close()
		eventually(t, "both gone", func() bool { return server.Stats().ConnectionsTotal == 2 && server.Stats().Connections == 0 })
		if log.String() != "" && config == nil {
			t.Errorf("logged %s", log.String())
		}
	}
}

func TestHandshakeIsBounded(t *testing.T) {
	a := newAuthority(t)
	config := must(LoadTLS(a.serverFiles(t)))
	server := start(t, new(collector).handle, Options{TLS: config, Timeouts: Timeouts{Handshake: 20 * time.Millisecond}})
	conn := server.dial(t)
	_, _ = conn.Read(make([]byte, 1)) // the end
	eventually(t, "a handshake error", func() bool { return server.Stats().HandshakeErrors == 1 })
}
