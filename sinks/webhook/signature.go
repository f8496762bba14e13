package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// secretPrefix marks a secret of the Standard Webhooks, whose bytes are in base64 behind it.
const secretPrefix = "whsec_"

// The lengths of secrets, in bytes: 192 to 512 bits.
const (
	shortestSecret = 24
	longestSecret  = 64
)

// signer signs messages. A nil one signs nothing.
type signer struct{ key []byte }

// newSigner returns the signer for a secret, nil for an empty one. Its error does not repeat the secret.
func newSigner(secret string) (*signer, error) {
	if secret == "" {
		return nil, nil //nolint:nilnil // without a secret nothing is signed
	}
	const remedy = "; make one by: echo whsec_$(openssl rand -base64 32)"
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return nil, errors.New("secret: not base64" + remedy)
	}
	if len(key) < shortestSecret || len(key) > longestSecret {
		return nil, fmt.Errorf("secret: it has %d bytes; it must have %d to %d%s", len(key), shortestSecret, longestSecret, remedy)
	}
	return &signer{key}, nil
}

// String returns no more than the type's name.
func (*signer) String() string { return "webhook.signer" }

// GoString returns String.
func (s *signer) GoString() string { return s.String() }

// sign returns the value of webhook-signature. Neither id nor timestamp may hold a dot.
func (s *signer) sign(id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
