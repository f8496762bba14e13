package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// The files of TLS. They are read while the configuration is, so that what is wrong with them has a place in it and is found
// before anything is bound or made.

// authoritiesSetting is a PEM file with certificates that are trusted.
func authoritiesSetting(target *string) single[string] {
	return pemSetting(target, func(text []byte) error {
		if !x509.NewCertPool().AppendCertsFromPEM(text) {
			return errNoCertificate
		}
		return nil
	})
}

// certificateSetting is a PEM file with a certificate of one's own, and with those between it and the root behind it.
func certificateSetting(target *string) single[string] {
	return pemSetting(target, func(text []byte) error {
		block := firstBlock(text, func(block *pem.Block) bool { return block.Type == "CERTIFICATE" })
		if block == nil {
			return errNoCertificate
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("holds a certificate that cannot be used: %w", err)
		}
		return nil
	})
}

// keySetting is a PEM file with the private key of a certificate.
func keySetting(target *string) single[string] {
	return pemSetting(target, func(text []byte) error {
		block := firstBlock(text, func(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") })
		switch {
		case block == nil:
			return errors.New("holds no private key in PEM")
		case isEncrypted(block):
			return errors.New("needs a passphrase, which is not supported; decrypt it with 'openssl pkey -in FILE -out FILE', " +
				"and protect it by its permissions")
		}
		return nil
	})
}

var errNoCertificate = errors.New("holds no certificate in PEM")

// pemSetting is a file whose contents pass a check.
func pemSetting(target *string, check func(text []byte) error) single[string] {
	setting := textSetting(target, "a file")
	setting.accept = func(outside outside, path string) error {
		text, err := outside.contents(path)
		if err != nil {
			return fmt.Errorf("cannot be read: %w", err)
		}
		return check(text)
	}
	return setting
}

// firstBlock returns the first block of a PEM text that is wanted, nil where there is none.
func firstBlock(text []byte, wanted func(*pem.Block) bool) *pem.Block {
	for {
		block, rest := pem.Decode(text)
		if block == nil || wanted(block) {
			return block
		}
		text = rest
	}
}

// isEncrypted tells whether a key needs a passphrase: PKCS#8 says so in its type, older forms in a header.
func isEncrypted(key *pem.Block) bool {
	return key.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(key.Headers["Proc-Type"], "ENCRYPTED")
}

// checkKeyPair complains of a key that is not the one of the certificate, both in files.
func (d *decoder) checkKeyPair(path, certificate, key string) {
	at := path + ".key"
	if certificate == "" || key == "" || !d.sound(at, path+".certificate") {
		return
	}
	certificateText, certificateErr := d.outside.contents(certificate)
	keyText, keyErr := d.outside.contents(key)
	if err := errors.Join(certificateErr, keyErr); err != nil {
		d.complain(at, "cannot be read together with certificate: "+err.Error())
		return
	}
	if _, err := tls.X509KeyPair(certificateText, keyText); err != nil {
		d.complain(at, "does not go with certificate: "+strings.TrimPrefix(err.Error(), "tls: "))
	}
}

// checkClientTLS judges together how a server is trusted and what is shown to it.
func (d *decoder) checkClientTLS(path string, t ClientTLS) {
	d.checkPair(path+".certificate", path+".key")
	d.checkKeyPair(path, t.Certificate, t.Key)
	d.checkTrust(path, t.InsecureSkipVerify)
}
