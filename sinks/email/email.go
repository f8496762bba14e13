package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// Sink is a sinks.Sink that sends mails.
type Sink struct {
	options   settled
	secrets   sinks.Secrets
	templates templates
	limiter   *rate.Limiter
	progress  progress
	// putOff is since when a recipient has been told to come again later, each time it was asked for.
	putOff map[string]putOff
	// alone is the number up to which transitions have mails of their own, because one for many was refused.
	alone  uint64
	notice string
}

// longestPutOff is how long one recipient that the server puts off, for a greylist or a full mailbox, may keep the others from the
// mails behind. Greylists ask for five minutes mostly; the try behind that is made still.
const longestPutOff = 5 * time.Minute

// forgotten is after how long a recipient that was put off is taken for one that never was.
const forgotten = time.Hour

// putOff is since when, and when last, a recipient was put off.
type putOff struct{ since, last time.Time }

// progress says who has the mail that is under way already, because not everybody was accepted at once.
type progress struct {
	id string // that of the first transition that it is about
	// count is how many transitions it is about.
	count int
	has   map[string]bool
}

var _ sinks.Noticing = (*Sink)(nil)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options and templates.
func New(options Options) (*Sink, error) {
	settled, err := options.settle()
	templates, templateErr := parseTemplates(options.Subject, options.Text)
	if err := errors.Join(err, templateErr); err != nil {
		return nil, err
	}
	return &Sink{
		options: settled, secrets: options.secrets(), templates: templates, limiter: newLimiter(settled.StormThreshold),
		putOff: map[string]putOff{},
	}, nil
}

// Deliver sends the mail of the first transition and leaves the others for the next call. Where there are too many for that, it
// sends one mail for all of them.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	outcomes := make([]error, len(transitions))
	for i := range outcomes {
		outcomes[i] = sinks.ErrNotTried
	}
	if len(transitions) == 0 {
		return outcomes, nil
	}
	count := s.together(transitions)
	err := s.deliver(ctx, transitions[:count])
	if count > 1 && sinks.IsPermanent(err) {
		s.alone, count = transitions[count-1].Number, 1
		err = s.deliver(ctx, transitions[:1])
	}
	for i := range count {
		outcomes[i] = err
	}
	return outcomes, nil
}

// deliver sends one mail for the transitions.
func (s *Sink) deliver(ctx context.Context, transitions []window.Transition) error {
	content, err := s.contentOf(transitions)
	if err != nil {
		return err
	}
	if err := s.pace(ctx); err != nil {
		return err
	}
	if first := transitions[0].ID; s.progress.has == nil || s.progress.id != first || s.progress.count != len(transitions) {
		s.progress = progress{id: first, count: len(transitions), has: map[string]bool{}}
	}
	err = s.exchange(ctx, "send a mail", func(c *session) error { return s.transact(c, content) })
	if err == nil || sinks.IsPermanent(err) {
		s.progress = progress{}
	}
	return err
}

func (s *Sink) contentOf(transitions []window.Transition) ([]byte, error) {
	if len(transitions) == 1 {
		return s.compose(transitions[0])
	}
	return s.digest(transitions)
}

// Check asks whether the server can be reached and takes the credentials. It sends no mail.
func (s *Sink) Check(ctx context.Context) error {
	return s.exchange(ctx, "ask the mail server", func(*session) error { return nil })
}

// exchange runs f in a session. The whole of it takes the timeout at most.
func (s *Sink) exchange(ctx context.Context, what string, f func(*session) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	session, err := s.connect(ctx)
	if err == nil {
		err = f(session)
		session.quit()
	}
	if err == nil {
		return nil
	}
	var network net.Error
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		err = fmt.Errorf("no answer in time: %w", err)
	}
	return s.secrets.Scrub(fmt.Errorf("%s by %s: %w", what, s.options.Server, oneLineError(err)))
}

// transact sends a mail to those who do not have it yet. It is done when everybody has it or is refused, and somebody has it.
func (s *Sink) transact(c *session, content []byte) error {
	if err := c.from(s.options.from); err != nil {
		return err
	}
	accepted, refusals, lasting, passing := s.recipients(c)
	if len(accepted) > 0 {
		if err := c.send(content); err != nil {
			return err
		}
	}
	for _, address := range accepted {
		s.progress.has[address.Address] = true
	}
	if len(s.progress.has) > 0 {
		refusals = append(refusals, lasting...)
	} else if passing == nil && len(lasting) > 0 {
		passing = lasting[0]
	}
	switch {
	case passing != nil:
		return passing
	case len(s.progress.has) == 0:
		return &sinks.Blocked{Err: fmt.Errorf("no recipient is accepted: %w", errors.Join(refusals...))}
	}
	s.notice = s.noticeOf(refusals)
	return nil
}

// recipients names everybody who does not have the mail yet to the server, and returns who is accepted, who is refused, the errors
// that should pass but have lasted for longestPutOff, and one of the others that pass.
func (s *Sink) recipients(c *session) (accepted []*mail.Address, refusals, lasting []error, passing error) {
	for _, address := range s.options.to {
		if s.progress.has[address.Address] {
			continue
		}
		err := c.recipient(address)
		if err == nil || refused(err) {
			delete(s.putOff, address.Address)
		}
		switch {
		case err == nil:
			accepted = append(accepted, address)
		case refused(err):
			refusals = append(refusals, err)
		case s.isPutOffLong(address.Address):
			lasting = append(lasting, err)
		default:
			passing = err
		}
	}
	return accepted, refusals, lasting, passing
}

// isPutOffLong tells whether a recipient that is put off now was so for long.
func (s *Sink) isPutOffLong(recipient string) bool {
	now := s.options.Now()
	off := s.putOff[recipient]
	if now.Sub(off.last) > forgotten {
		off.since = now
	}
	off.last = now
	s.putOff[recipient] = off
	return now.Sub(off.since) >= longestPutOff
}

// noticeOf returns what to tell about recipients who are refused although others are not.
func (s *Sink) noticeOf(refusals []error) string {
	if len(refusals) == 0 {
		return ""
	}
	text := oneLineError(errors.Join(refusals...)).Error()
	return s.secrets.Redact(fmt.Sprintf("%d of %d recipients get no mail: %s", len(refusals), len(s.options.to), text))
}

// Notice implements sinks.Noticing: it tells of recipients whom the server refuses.
func (s *Sink) Notice() string { return s.notice }

// Close implements sinks.Sink. Nothing is held between two mails.
func (s *Sink) Close() error { return nil }

// oneLineError returns err with its text on one line: replies of mail servers have several.
func oneLineError(err error) error {
	if !strings.ContainsAny(err.Error(), "\r\n") {
		return err
	}
	return &lined{sinks.Reason(err.Error()), err}
}

type lined struct {
	text string
	err  error
}

func (l *lined) Error() string { return l.text }
func (l *lined) Unwrap() error { return l.err }
