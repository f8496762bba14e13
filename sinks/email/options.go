package email

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/logboom/logboom/sinks"
)

// DefaultTimeout is for one mail, from dialling to the last reply.
const DefaultTimeout = 30 * time.Second

// TLS is how the connection is secured.
type TLS string

// The values of TLS.
const (
	// TLSAuto is implicit on port 465, none on loopback, and STARTTLS elsewhere.
	TLSAuto TLS = "auto"
	// TLSStart requires STARTTLS, TLSImplicit speaks TLS from the first byte, TLSNone does without.
	TLSStart    TLS = "starttls"
	TLSImplicit TLS = "implicit"
	TLSNone     TLS = "none"
)

// Auth is how the user is proven.
type Auth string

// The values of Auth.
const (
	// AuthAuto is PLAIN where the server offers it, and LOGIN elsewhere.
	AuthAuto  Auth = "auto"
	AuthPlain Auth = "plain"
	AuthLogin Auth = "login"
)

// Options say how to send. Server, From and To are needed.
type Options struct {
	// Server is the mail server's host and port, mostly 587 or 465.
	Server string
	// TLS is TLSAuto if empty, Auth is AuthAuto.
	TLS  TLS
	Auth Auth
	// Username and Password are for SMTP AUTH; both or none.
	Username, Password string
	// From and To are addresses as in a mail's header, with a name or without.
	From string
	To   []string
	// Hello is the name that logboom gives itself; the machine's if empty.
	Hello string
	// StormThreshold is how many mails go out in a minute, DefaultStormThreshold if zero. Where more alerts wait than that, one
	// mail is sent for all of them.
	StormThreshold int
	// Subject and Text are text/template sources over a message.Message; empty for the built-in ones.
	Subject, Text string
	// CA are certificates in PEM that are trusted in the place of the system's; nil for those.
	CA                 []byte
	InsecureSkipVerify bool
	// Timeout is for one mail; DefaultTimeout if zero.
	Timeout time.Duration
	// Now is the clock of the Date header, time.Now by default.
	Now func() time.Time
}

// String says where mails go, without any secret.
func (o Options) String() string { return "mail by " + o.Server + " to " + strings.Join(o.To, ", ") }

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

// settled are options that were checked, in the form that is worked with.
type settled struct {
	Options

	host string
	port int
	from *mail.Address
	to   []*mail.Address
	tls  *tls.Config
}

// GoString returns String, so that no verb of fmt prints a secret.
func (s settled) GoString() string { return s.String() }

// settle fills in the defaults. Its error names every mistake at once, without the secrets in it.
func (o Options) settle() (settled, error) {
	s := settled{Options: o}
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Auth == "" {
		s.Auth = AuthAuto
	}
	if s.StormThreshold <= 0 {
		s.StormThreshold = DefaultStormThreshold
	}
	err := errors.Join(s.settleServer(), s.settleAddresses(), s.settleTLS(), s.checkUser())
	return s, err
}

func (s *settled) settleServer() error {
	host, port, err := net.SplitHostPort(s.Server)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || host == "" || number == 0 {
		return errors.New("server: not a host and port such as smtp.example.com:587")
	}
	s.host, s.port = host, int(number)
	if s.TLS == "" || s.TLS == TLSAuto {
		switch {
		case number == 465:
			s.TLS = TLSImplicit
		case isLoopback(host):
			s.TLS = TLSNone
		default:
			s.TLS = TLSStart
		}
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

func (s *settled) settleAddresses() error {
	var mistakes []error
	var err error
	if s.from, err = mail.ParseAddress(s.From); err != nil {
		mistakes = append(mistakes, errors.New("from: not an address such as Logboom <logboom@example.com>"))
	}
	if len(s.To) == 0 {
		mistakes = append(mistakes, errors.New("to: at least one address is needed"))
	}
	for i, text := range s.To {
		address, err := mail.ParseAddress(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("to[%d]: not an address such as ops@example.com", i))
			continue
		}
		s.to = append(s.to, address)
	}
	return errors.Join(mistakes...)
}

func (s *settled) settleTLS() error {
	switch s.TLS {
	case TLSStart, TLSImplicit, TLSNone, "": // empty where the server is a mistake
	default:
		return errors.New("tls: not one of auto, starttls, implicit, none")
	}
	s.tls = &tls.Config{
		ServerName: s.host, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.InsecureSkipVerify, //nolint:gosec // where the operator says so
	}
	if s.CA != nil {
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM(s.CA) {
			return errors.New("ca: it holds no PEM certificate")
		}
	}
	return nil
}

func (s *settled) checkUser() error {
	switch {
	case (s.Username == "") != (s.Password == ""):
		return errors.New("username and password: set both or none")
	case s.Auth != AuthAuto && s.Auth != AuthPlain && s.Auth != AuthLogin:
		return errors.New("auth: not one of auto, plain, login")
	case s.Username != "" && s.TLS == TLSNone && !isLoopback(s.host):
		return errors.New("username: without TLS the password would travel readable; it does so to loopback only")
	}
	return nil
}

// secrets returns all that must not be seen in an error: the password, and the forms that SMTP sends it in.
func (o *Options) secrets() sinks.Secrets {
	if o.Password == "" {
		return sinks.NewSecrets()
	}
	encode := base64.StdEncoding.EncodeToString
	return sinks.NewSecrets(o.Password, encode([]byte(o.Password)), encode([]byte("\x00"+o.Username+"\x00"+o.Password)))
}
