package sinktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// WebhookSecret is the secret that a Webhook here verifies signatures with.
const WebhookSecret = "whsec_" + "bG9nYm9vbSBzaWducyBpdHMgbWVzc2FnZXMgd2l0aCB0aGlz"

// Delivery is a message as a Webhook here took it.
type Delivery struct {
	ID   string
	Body []byte
}

// Webhook is an endpoint that takes messages as the Standard Webhooks 1.0.0 say: it wants webhook-id and a recent
// webhook-timestamp, and verifies webhook-signature. It does not leave out ids that it has seen, so that tests see them. It
// is safe for concurrent use.
type Webhook struct {
	receiver

	// URL is the endpoint.
	URL string

	deliveries []Delivery
	refused    map[string]bool
}

// NewWebhook starts an endpoint that ends with the test.
func NewWebhook(t testing.TB) *Webhook {
	w := &Webhook{refused: map[string]bool{}}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.URL = server.URL + "/alerts"
	return w
}

// Refuse makes the message with this id one that is not taken.
func (w *Webhook) Refuse(id string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.refused[id] = true
}

// Deliveries returns the messages in the order in which they were taken.
func (w *Webhook) Deliveries() []Delivery {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.deliveries)
}

// ServeHTTP implements http.Handler.
func (w *Webhook) ServeHTTP(to http.ResponseWriter, from *http.Request) { w.serve(to, from, w.take) }

func (w *Webhook) take(to http.ResponseWriter, r Request) {
	id := r.Header.Get("Webhook-Id")
	switch {
	case r.Method != http.MethodPost:
		http.Error(to, "only POST", http.StatusMethodNotAllowed)
	case r.Path != "/alerts":
		http.Error(to, "nobody is here", http.StatusNotFound)
	case id == "" || strings.Contains(id, ".") || !recent(r.Header.Get("Webhook-Timestamp")):
		http.Error(to, "no webhook-id, or no recent webhook-timestamp", http.StatusBadRequest)
	case !verified(r):
		http.Error(to, "the signature is wrong", http.StatusUnauthorized)
	case w.refused[id]:
		http.Error(to, "this one is not wanted", http.StatusUnprocessableEntity)
	default:
		w.deliveries = append(w.deliveries, Delivery{id, r.Body})
		to.WriteHeader(http.StatusNoContent)
	}
}

// recent tells whether a timestamp is at most five minutes off.
func recent(timestamp string) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute
}

// verified tells whether one of the signatures is right.
func verified(r Request) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(WebhookSecret, "whsec_"))
	if err != nil {
		panic(err) // it is a constant
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + string(r.Body)))
	want := mac.Sum(nil)
	return slices.ContainsFunc(strings.Fields(r.Header.Get("Webhook-Signature")), func(signature string) bool {
		version, text, _ := strings.Cut(signature, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		return version == "v1" && err == nil && hmac.Equal(got, want)
	})
}
