package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// The SASL mechanisms that can be used, by their registered names.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
)

// SASL is a login. Its password appears in no text made of it.
type SASL struct {
	// Mechanism is one of Plain, ScramSHA256 and ScramSHA512; empty means no login.
	Mechanism string
	Username  string
	Password  string `json:"-"`
}

// String returns the mechanism and the user name.
func (s SASL) String() string {
	if s.Mechanism == "" {
		return "none"
	}
	return s.Mechanism + " as " + strconv.Quote(s.Username)
}

// GoString returns what String does, so that %#v tells no more.
func (s SASL) GoString() string { return "kafka.SASL(" + s.String() + ")" }

func (s SASL) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case ScramSHA256:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism()
	case ScramSHA512:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism()
	default:
		return plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism()
	}
}

// Cluster says how a cluster is reached: what reading from one and writing to one have in common.
type Cluster struct {
	// Brokers are the addresses to begin with, host:port.
	Brokers []string
	// ClientID names this client in the broker's logs and quotas.
	ClientID string
	// TLS, when not nil, encrypts all connections; see LoadTLS.
	TLS *tls.Config
	// SASL is the login, none by default.
	SASL SASL
}

// Validate reports all mistakes at once, each with the field's name, without connecting anywhere. No secret is part of
// what it returns.
func (c Cluster) Validate() error {
	return errors.Join(c.validateBrokers(), c.validateLogin())
}

func (c Cluster) validateBrokers() error {
	var mistakes []error
	if len(c.Brokers) == 0 {
		mistakes = append(mistakes, errors.New("brokers: name at least one, as host:port"))
	}
	for i, broker := range c.Brokers {
		if !isAddress(broker) {
			// The text itself is not repeated: people put credentials into addresses.
			mistakes = append(mistakes, fmt.Errorf("brokers[%d]: must be host:port, without a scheme or a user", i))
		}
	}
	return errors.Join(mistakes...)
}

// isAddress tells whether text is a host and a port and nothing else.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

func (c Cluster) validateLogin() error {
	switch c.SASL.Mechanism {
	case "":
		if c.SASL.Username != "" || c.SASL.Password != "" {
			return fmt.Errorf("sasl: user and password need a mechanism: %s, %s or %s", ScramSHA256, ScramSHA512, Plain)
		}
	case Plain, ScramSHA256, ScramSHA512:
		if c.SASL.Username == "" || c.SASL.Password == "" {
			return fmt.Errorf("sasl: %s needs a user name and a password", c.SASL.Mechanism)
		}
	default:
		return fmt.Errorf("sasl: mechanism is %q, must be %s, %s or %s", c.SASL.Mechanism, ScramSHA256, ScramSHA512, Plain)
	}
	return nil
}

// TellsPassword says whether the password would go over the network unencrypted.
func (c Cluster) TellsPassword() bool { return c.SASL.Mechanism == Plain && c.TLS == nil }

const dialTimeout = 10 * time.Second

// ClientOptions returns what any client needs to reach the cluster. A nil logger is a silent one.
func (c Cluster) ClientOptions(logger kgo.Logger, hooks ...kgo.Hook) []kgo.Opt {
	options := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.WithLogger(logger),
		kgo.WithHooks(hooks...),
		kgo.DialTimeout(dialTimeout),
		kgo.DisableClientMetrics(),
	}
	if c.TLS != nil {
		options = append(options, kgo.DialTLSConfig(c.TLS.Clone()))
	}
	if c.SASL.Mechanism != "" {
		options = append(options, kgo.SASL(c.SASL.mechanism()))
	}
	return options
}

// Classify wraps err in the sentinel of its kind, where that is known and err does not wrap it yet.
func (c Cluster) Classify(err error) error { return classify(c.loginCut(err)) }

// loginCut recognises a login that the broker refused by closing the connection, as some do instead of saying so: an
// end of the stream that comes after the first answer. Ends before it have a type of their own in franz-go.
func (c Cluster) loginCut(err error) error {
	var early *kgo.ErrFirstReadEOF
	if c.SASL.Mechanism == "" || !errors.Is(err, io.EOF) || errors.As(err, &early) || isClassified(err) {
		return err
	}
	return fmt.Errorf("%w: the broker closed the connection during the login: %w", ErrAuthentication, err)
}

// NewClientLog returns a log for a client of franz-go that writes to logger: franz-go's errors and warnings as
// warnings, each text once in a while only, all else for debugging.
func NewClientLog(logger zerolog.Logger) kgo.Logger { return &clientLog{logger, new(limiter)} }
