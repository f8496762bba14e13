package lumberjack

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ClientAuthentication says whether clients show a certificate. The words are those of Logstash's
// ssl_client_authentication.
type ClientAuthentication string

// What TLSOptions.ClientAuthentication can be.
const (
	// ClientAuthenticationNone asks for no certificate.
	ClientAuthenticationNone ClientAuthentication = "none"
	// ClientAuthenticationOptional asks for one, and refuses a client that shows one of another authority.
	ClientAuthenticationOptional ClientAuthentication = "optional"
	// ClientAuthenticationRequired refuses a client without a certificate of one of the authorities.
	ClientAuthenticationRequired ClientAuthentication = "required"
)

// TLSOptions are the files that make a server one of TLS, all of them PEM.
type TLSOptions struct {
	// Certificate is the server's, with those between it and the root behind it.
	Certificate string
	// Key is the private key of the certificate: PKCS#1, PKCS#8 or EC, without a passphrase.
	Key string
	// ClientAuthorities are certificates of the authorities that sign the clients'.
	ClientAuthorities []string
	// ClientAuthentication is unset as "none" without authorities, and as "required" with them, as in Logstash.
	ClientAuthentication ClientAuthentication
	// MinimumVersion is the lowest version taken, such as tls.VersionTLS13; 0 and anything lower than 1.2 is 1.2.
	MinimumVersion uint16
}

// LoadTLS reads the files. Its errors name the file; a key with a passphrase is ErrEncryptedKey.
func LoadTLS(options TLSOptions) (*tls.Config, error) {
	certificate, err := loadCertificate(options.Certificate, options.Key)
	if err != nil {
		return nil, err
	}
	authorities, err := loadAuthorities(options.ClientAuthorities)
	if err != nil {
		return nil, err
	}
	mode, err := options.clientAuthentication()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientCAs:    authorities,
		ClientAuth:   mode,
		MinVersion:   max(options.MinimumVersion, tls.VersionTLS12),
	}, nil
}

// clientAuthentication returns the mode as crypto/tls has it.
func (o *TLSOptions) clientAuthentication() (tls.ClientAuthType, error) {
	mode := o.ClientAuthentication
	if mode == "" {
		mode = ClientAuthenticationNone
		if len(o.ClientAuthorities) > 0 {
			mode = ClientAuthenticationRequired
		}
	}
	switch mode {
	case ClientAuthenticationNone:
		return tls.NoClientCert, nil
	case ClientAuthenticationOptional, ClientAuthenticationRequired:
		if len(o.ClientAuthorities) == 0 {
			return 0, fmt.Errorf("client authentication %q needs client authorities", mode)
		}
	}
	switch mode {
	case ClientAuthenticationOptional:
		return tls.VerifyClientCertIfGiven, nil
	case ClientAuthenticationRequired:
		return tls.RequireAndVerifyClientCert, nil
	}
	return 0, fmt.Errorf("client authentication %q is none of none, optional, required", mode)
}

// loadCertificate reads the server's certificate and its key.
func loadCertificate(certificateFile, keyFile string) (tls.Certificate, error) {
	certificate, err := os.ReadFile(certificateFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read certificate: %w", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read key: %w", err)
	}
	if isEncrypted(key) {
		return tls.Certificate{}, fmt.Errorf("%w: %s: passphrases are not supported, decrypt it with "+
			"'openssl pkey -in %s -out FILE' and protect the file by its permissions", ErrEncryptedKey, keyFile, keyFile)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load certificate %s with key %s: %w", certificateFile, keyFile, err)
	}
	return pair, nil
}

// isEncrypted says whether a key needs a passphrase: PKCS#8 says so in its type, older forms in a header.
func isEncrypted(key []byte) bool {
	for {
		block, rest := pem.Decode(key)
		if block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
		key = rest
	}
}

// errNoCertificate says that a file of authorities has none.
var errNoCertificate = errors.New("no certificate in it")

// loadAuthorities reads the certificates of the clients' authorities, or returns nil where there are none.
func loadAuthorities(files []string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	for _, file := range files {
		certificates, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read client authority: %w", err)
		}
		if !pool.AppendCertsFromPEM(certificates) {
			return nil, fmt.Errorf("load client authority %s: %w", file, errNoCertificate)
		}
	}
	return pool, nil
}
