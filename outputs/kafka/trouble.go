package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/logboom/logboom/internal/kafka"
)

// trouble notes whether brokers answer, and why what the client tries does not succeed: the client itself goes on without
// a word. It is safe for concurrent use.
type trouble struct {
	cluster kafka.Cluster
	// heard counts answers of brokers, behind a login where there is one.
	heard atomic.Uint64

	mutex   sync.Mutex
	reason  error
	refused func(error)
	cuts    int // how often in a row a login ended without an answer
}

// OnBrokerConnect implements kgo.HookBrokerConnect; err includes a refused login.
func (t *trouble) OnBrokerConnect(broker kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) {
		return
	}
	address := net.JoinHostPort(broker.Host, strconv.Itoa(int(broker.Port)))
	err = fmt.Errorf("connect to %s: %w", address, t.cluster.Classify(err))
	if refused := t.failed(err); refused != nil {
		refused(err)
	}
}

// failed takes note of a connection that came to nothing, and returns whom to tell if it will come to nothing again.
func (t *trouble) failed(err error) func(error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.reason = err
	switch {
	case isRefusal(err):
		return t.refused
	case errors.Is(err, kafka.ErrAuthentication):
		// The broker ended the connection. Some say so that they refuse the login; others are just stopping.
		if t.cuts++; t.cuts > 1 {
			return t.refused
		}
		return nil
	}
	t.cuts = 0
	return nil
}

// isRefusal tells whether a broker said that it refuses the login, or is one that is not trusted.
func isRefusal(err error) bool {
	return errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) ||
		errors.Is(err, kerr.IllegalSaslState) || errors.Is(err, kafka.ErrTLS)
}

// OnBrokerRead implements kgo.HookBrokerRead. What belongs to a login says nothing yet.
func (t *trouble) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return
	}
	if err == nil {
		t.heard.Add(1)
	}
}

func (t *trouble) forget() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.reason, t.cuts = nil, 0
}

func (t *trouble) note(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.reason = err
}

// because returns why nothing succeeds, if that is known.
func (t *trouble) because() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.reason
}

// instead returns why no connection stands in the place of an error that only says that there is none.
func (t *trouble) instead(err error) error {
	reason := t.because()
	if reason == nil || errors.Is(err, context.Canceled) || !errors.Is(t.cluster.Classify(err), kafka.ErrUnreachable) {
		return err
	}
	return reason
}

// onRefusal has f called when a broker refuses the login or its certificate is not trusted; nil for nothing.
func (t *trouble) onRefusal(f func(error)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.refused = f
}

// listener passes on what the client says, and listens for why it tries again. What a broker answered to a request that
// will be sent again is said in the log only, at the level for debugging.
type listener struct {
	kgo.Logger

	trouble *trouble
}

// listen returns the log of a client.
func (t *trouble) listen(logger zerolog.Logger) kgo.Logger {
	return &listener{kafka.NewClientLog(logger), t}
}

// Level implements kgo.Logger.
func (*listener) Level() kgo.LogLevel { return kgo.LogLevelDebug }

// Log implements kgo.Logger. It is called for requests, not for records.
func (l *listener) Log(level kgo.LogLevel, text string, keyvals ...any) {
	for i := 0; i+1 < len(keyvals); i += 2 {
		switch value := keyvals[i+1].(type) {
		case error:
			var answered *kerr.Error
			if errors.As(value, &answered) {
				l.trouble.note(value)
			}
		case string:
			if keyvals[i] == "to" {
				l.heard(value)
			}
		}
	}
	if level <= l.Logger.Level() {
		l.Logger.Log(level, text, keyvals...)
	}
}

// A line of franz-go about a request's answers: topic[0{retrying@-1,1(NOT_ENOUGH_REPLICAS: ...)}].
var retryingPattern = regexp.MustCompile(`retrying@[^(]*\(([A-Z_]+):`)

// heard looks for a reason in a line about a request's answers. If franz-go writes it in another way one day, only the
// reason is missing.
func (l *listener) heard(line string) {
	if found := retryingPattern.FindStringSubmatch(line); found != nil {
		if err := errorNamed(found[1]); err != nil {
			l.trouble.note(err)
		}
	}
}

// errorNamed returns Kafka's error of a name.
func errorNamed(name string) error {
	for code := int16(1); code < mostCodes; code++ {
		var known *kerr.Error
		if errors.As(kerr.ErrorForCode(code), &known) && known.Message == name {
			return known
		}
	}
	return nil
}

// mostCodes is above all codes of Kafka's errors.
const mostCodes = 256
