package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/logboom/logboom/sinks"
)

// session is a connection to the mail server, past EHLO, TLS and AUTH. It is closed when its context ends.
type session struct {
	client     *smtp.Client
	connection net.Conn
	unwatch    func() bool
}

// connect opens a session. Its errors are Blocked where only a person can mend them.
func (s *Sink) connect(ctx context.Context) (*session, error) {
	opened := &session{unwatch: func() bool { return true }}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		connection, err := s.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		opened.connection = connection
		opened.unwatch = context.AfterFunc(ctx, func() { _ = connection.Close() }) // the command under way fails then
		return connection, nil
	}
	client, err := gomail.NewClient(s.options.host, s.clientOptions(dial)...)
	if err != nil {
		return nil, err
	}
	if opened.client, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		opened.close()
		return nil, ofConnection(err)
	}
	return opened, nil
}

// clientOptions translates the options into those of the library.
func (s *Sink) clientOptions(dial gomail.DialContextFunc) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.options.port), gomail.WithTLSConfig(s.options.tls), gomail.WithTimeout(s.options.Timeout),
		gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithDialContextFunc(dial),
	}
	if s.options.TLS == TLSStart {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.options.Hello != "" {
		options = append(options, gomail.WithHELO(s.options.Hello))
	}
	if s.options.Username == "" {
		return options
	}
	options = append(options, gomail.WithUsername(s.options.Username), gomail.WithPassword(s.options.Password))
	switch s.options.Auth {
	case AuthPlain:
		return append(options, gomail.WithSMTPAuth(gomail.SMTPAuthPlain))
	case AuthLogin:
		return append(options, gomail.WithSMTPAuth(gomail.SMTPAuthLogin))
	default:
		return append(options, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
}

// dial connects, and speaks TLS where that is implicit.
func (s *Sink) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.options.TLS != TLSImplicit {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return (&tls.Dialer{Config: s.options.tls}).DialContext(ctx, network, address)
}

// quit says goodbye. What was taken is taken, whatever the server answers.
func (c *session) quit() {
	_ = c.client.Quit()
	c.close()
}

func (c *session) close() {
	c.unwatch()
	if c.connection != nil {
		_ = c.connection.Close() // nothing is to be written any more
	}
}

// from begins a mail. A sender that is refused is for a person to mend.
func (c *session) from(sender *mail.Address) error {
	if err := c.client.Mail(path(sender)); err != nil {
		return ofConnection(fmt.Errorf("sender %s: %w", sender.Address, err))
	}
	return nil
}

// recipient adds one to the mail.
func (c *session) recipient(address *mail.Address) error {
	if err := c.client.Rcpt(path(address)); err != nil {
		return fmt.Errorf("recipient %s: %w", address.Address, err)
	}
	return nil
}

// send sends the mail itself. What is refused here is the mail, for good.
func (c *session) send(content []byte) error {
	writer, err := c.client.Data()
	if err != nil {
		return ofMail(err)
	}
	if _, err := writer.Write(content); err != nil {
		return ofMail(err)
	}
	return ofMail(writer.Close())
}

// path returns an address as commands want it: in angle brackets, quoted where it must be, and without its name.
func path(address *mail.Address) string { return (&mail.Address{Address: address.Address}).String() }

// refused tells whether the server said no for good: with a reply of 5xx.
func refused(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code >= 500 && reply.Code <= 599
}

// ofMail returns the error of a reply to the mail itself, nil for none.
func ofMail(err error) error {
	switch {
	case err == nil:
		return nil
	case refused(err):
		return &sinks.Permanent{Err: fmt.Errorf("the server refuses the mail: %w", err)}
	}
	return fmt.Errorf("send the mail: %w", err)
}

// ofConnection returns the error of a step before the mail. What the network does, and replies of 4xx, pass; a refusal, a
// server that cannot do what is asked, or a certificate that is not trusted do not.
func ofConnection(err error) error {
	var reply *textproto.Error
	var network net.Error
	switch {
	case errors.As(err, &reply):
		if refused(err) {
			return &sinks.Blocked{Err: err}
		}
		return err
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return err
	}
	return &sinks.Blocked{Err: err}
}
