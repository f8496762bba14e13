package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// LoadTLS reads what a TLS connection to the brokers needs; every file is PEM. An empty ca stands for the system's
// authorities. certificate and key, both or none, are what this client shows of itself; the key may be PKCS#1, PKCS#8
// or EC. insecure accepts any certificate of a broker, for trying things out only. TLS 1.2 is the least spoken.
func LoadTLS(ca, certificate, key string, insecure bool) (*tls.Config, error) {
	// Verification is skipped only where the configuration says so in that very word.
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}
	if ca != "" {
		roots, err := loadAuthorities(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = roots
	}
	if certificate == "" && key == "" {
		return config, nil
	}
	if certificate == "" || key == "" {
		return nil, errors.New("load client certificate: certificate and key must be given together")
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("load client certificate %s: %w", certificate, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func loadAuthorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read certificate authorities: %s holds no PEM certificate", path)
	}
	return roots, nil
}
