package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

// blockFile writes a file with one PEM block, and returns its path.
func blockFile(t *testing.T, block pem.Block) string {
	t.Helper()
	return write(t, "file.pem", string(pem.EncodeToMemory(&block)))
}

// otherKey writes a key that belongs to no certificate.
func otherKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return blockFile(t, pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

const goodPEM = "testdata/tls.pem"

// What is wrong with the files of TLS has its place, and is found together with other mistakes.
func TestTLSMistakes(t *testing.T) {
	other := otherKey(t)
	older := blockFile(t, pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{1}, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}})
	encrypted := blockFile(t, pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	damaged := blockFile(t, pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
	text := write(t, "text", "no PEM")
	for _, test := range []struct{ name, certificate, key, at, want string }{
		{"key of another", goodPEM, other, "3:13: .key", "does not go with certificate: private key does not match public key"},
		{"encrypted", goodPEM, encrypted, "3:13: .key", "needs a passphrase, which is not supported"},
		{"encrypted, the older form", goodPEM, older, "3:13: .key", "needs a passphrase, which is not supported"},
		{"no key", goodPEM, text, "3:13: .key", "holds no private key in PEM"},
		{"no certificate", text, goodPEM, "2:21: .certificate", "holds no certificate in PEM"},
		{"key in the place of a certificate", other, goodPEM, "2:21: .certificate", "holds no certificate in PEM"},
		{"a damaged certificate", damaged, goodPEM, "2:21: .certificate", "holds a certificate that cannot be used: x509: "},
		{"no file", goodPEM, "/nowhere/key", "3:13: .key", `"/nowhere/key" cannot be read: no such file or directory`},
		{"a folder", goodPEM, t.TempDir(), "3:13: .key", "cannot be read: it is not a regular file"},
	} {
		for section, head := range map[string]string{
			"inputs.lumberjack.tls": "inputs: {lumberjack: {tls: {", "inputs.kafka.tls": "inputs: {kafka: {brokers: 'k:1', tls: {",
			"outputs.kafka.tls":      "outputs: {kafka: {brokers: 'k:1', tls: {",
			"outputs.lumberjack.tls": "outputs: {lumberjack: {hosts: 'h:1', tls: {",
		} {
			file := head + "\n       certificate: " + test.certificate + ",\n       key: " + test.key + "}}}\nack: durabel"
			got := mistakesOf(t, file, nil)
			place, name, _ := strings.Cut(test.at, " ")
			want := "logboom.yml:" + place + " " + section + name + ": "
			if len(got) != 2 || !strings.HasPrefix(got[0].Error(), want) || !strings.Contains(got[0].Message, test.want) {
				t.Errorf("%s:\n%v\nwant %s ... %s", test.name, got, want, test.want)
			}
		}
	}
}

func TestAuthoritiesMistakes(t *testing.T) {
	key := otherKey(t)
	for path, file := range map[string]string{
		"inputs.lumberjack.tls.client_authorities[1]": "inputs: {lumberjack: {tls: {certificate: " + goodPEM + ", key: " + goodPEM +
			", client_authorities: [./" + goodPEM + ", %]}}}",
		"inputs.kafka.tls.ca":       "inputs: {kafka: {brokers: 'k:1', tls: {ca: %}}}",
		"alerts.elasticsearch.ca":   "alerts: {elasticsearch: {hosts: 'https://e', ca: %}}",
		"alerts.webhook.ca":         "alerts: {webhook: {url: 'https://e', ca: %}}",
		"alerts.alertmanager.ca":    "alerts: {alertmanager: {urls: 'https://e', ca: %}}",
		"alerts.email.ca":           "alerts: {email: {server: 'e:587', from: a@b.c, to: a@b.c, ca: %}}",
		"outputs.elasticsearch.ca":  "outputs: {elasticsearch: {hosts: 'https://e', ca: %}}",
		"outputs.http.ca":           "outputs: {http: {url: 'https://e', ca: %}}",
		"outputs.kafka.tls.ca":      "outputs: {kafka: {brokers: 'k:1', tls: {ca: %}}}",
		"outputs.lumberjack.tls.ca": "outputs: {lumberjack: {hosts: 'h:1', tls: {ca: %}}}",
	} {
		got := mistakesOf(t, strings.Replace(file, "%", key, 1), nil)
		if len(got) != 1 || got[0].Path != path || !strings.HasSuffix(got[0].Message, "holds no certificate in PEM") {
			t.Errorf("%s: %v", path, got)
		}
		parse(t, strings.Replace(file, "%", goodPEM, 1), nil)
	}
}

// The name of a file that came from outside is not repeated.
func TestTLSFileFromOutside(t *testing.T) {
	text := write(t, leak, "no PEM")
	got := mistakesOf(t, "outputs: {http: {url: 'https://e', ca: '${A}'}}", map[string]string{"A": text}).Error()
	if strings.Contains(got, leak) || !strings.Contains(got, "the value of ${A} holds no certificate in PEM") {
		t.Errorf("got %s", got)
	}
}
