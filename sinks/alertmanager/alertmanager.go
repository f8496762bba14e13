package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/post"
	"github.com/logboom/logboom/window"
)

// The paths of API v2.
const (
	alertsPath = "/api/v2/alerts"
	statusPath = "/api/v2/status"
)

// mostRepeated is how many alerts are repeated in one request.
const mostRepeated = 256

// Sink is a sinks.Sink that sends to Alertmanager.
type Sink struct {
	options Options
	client  *post.Client
	kept    *kept
	// reserved are the names of labels that no field may have.
	reserved []string
	// repeatAt is when the alerts are to be repeated; meaningless while there are none.
	repeatAt time.Time
	notice   string
}

var (
	_ sinks.Continuing = (*Sink)(nil)
	_ sinks.Noticing   = (*Sink)(nil)
)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	client, err := post.New(post.Options{
		Username: options.Username, Password: options.Password, Token: options.Token, CA: options.CA,
		InsecureSkipVerify: options.InsecureSkipVerify, Timeout: options.Timeout, Now: options.Now,
	})
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	reserved := slices.AppendSeq([]string{labelAlert, labelRule, labelKey}, maps.Keys(options.Labels))
	return &Sink{options: options, client: client, kept: newKept(), reserved: reserved}, nil
}

// Restore implements sinks.Stateful. What was active is repeated at once, for nobody did so since.
func (s *Sink) Restore(state []byte) error {
	kept, err := decode(state)
	if err != nil {
		return err
	}
	s.kept, s.repeatAt = kept, s.options.Now()
	return nil
}

// State implements sinks.Stateful.
func (s *Sink) State() []byte { return s.kept.encode() }

// Due implements sinks.Continuing: it returns when alerts are to be repeated.
func (s *Sink) Due() time.Time {
	if len(s.kept.alerts) == 0 {
		return time.Time{}
	}
	return s.repeatAt
}

// Notice implements sinks.Noticing: it tells of members of the cluster that do not take alerts although others do.
func (s *Sink) Notice() string { return s.notice }

// Deliver sends the transitions one by one, up to the first that has to be tried again, and repeats the alerts if they are
// due.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	outcomes := make([]error, len(transitions))
	for i, transition := range transitions {
		outcomes[i] = s.deliver(ctx, transition)
		if outcomes[i] != nil && !sinks.IsPermanent(outcomes[i]) {
			for j := i + 1; j < len(outcomes); j++ {
				outcomes[j] = sinks.ErrNotTried
			}
			return outcomes, nil
		}
	}
	err := s.repeat(ctx)
	if len(transitions) > 0 {
		return outcomes, nil // the repeat stays due, and comes as a call of its own
	}
	return outcomes, err
}

func (s *Sink) deliver(ctx context.Context, transition window.Transition) error {
	now := s.options.Now()
	sent := alertOf(transition, now)
	if err := s.send(ctx, []*alert{sent}); err != nil {
		if sent.Ended != 0 && sinks.IsPermanent(err) {
			s.kept.remove(sent.identity()) // or it would be repeated as active for ever: so Alertmanager ends it at its endsAt
		}
		return err
	}
	if len(s.kept.alerts) == 0 {
		s.repeatAt = now.Add(s.options.Resend)
	}
	s.kept.put(sent)
	return nil
}

// repeat sends all alerts again if they are due.
func (s *Sink) repeat(ctx context.Context) error {
	now := s.options.Now()
	s.kept.forget(now)
	if len(s.kept.alerts) == 0 || now.Before(s.repeatAt) {
		return nil
	}
	for alerts := range slices.Chunk(s.kept.alerts, mostRepeated) {
		if err := s.send(ctx, alerts); err != nil {
			return fmt.Errorf("repeat the active alerts: %w", err)
		}
	}
	s.repeatAt = now.Add(s.options.Resend)
	return nil
}

// send sends alerts to every member at once. One that takes them is enough.
func (s *Sink) send(ctx context.Context, alerts []*alert) error {
	body := s.encode(alerts)
	errs := s.each(func(url string) error { return s.post(ctx, url, body) })
	failed := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	s.notice = s.noticeOf(failed)
	if len(failed) < len(errs) {
		return nil
	}
	return verdict(failed)
}

// noticeOf returns what to tell about the members that failed while others did not.
func (s *Sink) noticeOf(failed []error) string {
	var parts []string
	if len(failed) > 0 && len(failed) < len(s.options.URLs) {
		parts = append(parts, fmt.Sprintf("%d of %d Alertmanagers take no alerts: %s",
			len(failed), len(s.options.URLs), sinks.Reason(errors.Join(failed...).Error())))
	}
	if s.kept.dropped > 0 {
		parts = append(parts, fmt.Sprintf("more than %d alerts are active; the oldest are not repeated", mostKept))
	}
	return strings.Join(parts, "; ")
}

// verdict returns the errors of all members as one: it passes if one of them does, and is permanent only if all are.
func verdict(errs []error) error {
	kind := errs[0]
	for _, is := range []func(error) bool{sinks.IsBlocked, passes} {
		if place := slices.IndexFunc(errs, is); place >= 0 {
			kind = errs[place]
		}
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return &together{strings.Join(texts, "; "), kind}
}

func passes(err error) bool { return !sinks.IsPermanent(err) && !sinks.IsBlocked(err) }

// together are several errors on one line, of the kind of one of them.
type together struct {
	text string
	kind error
}

func (t *together) Error() string { return t.text }
func (t *together) Unwrap() error { return t.kind }

func (s *Sink) post(ctx context.Context, url string, body []byte) error {
	header := http.Header{"Content-Type": {"application/json"}}
	answer, err := s.client.Post(ctx, url+alertsPath, header, body)
	if err == nil {
		err = s.client.Scrub(answer.Outcome())
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", url, err)
	}
	return nil
}

// each calls f for each member at once and returns their errors in the order of the URLs.
func (s *Sink) each(f func(url string) error) []error {
	errs := make([]error, len(s.options.URLs))
	var calls sync.WaitGroup
	for i, url := range s.options.URLs {
		calls.Go(func() { errs[i] = f(url) })
	}
	calls.Wait()
	return errs
}

// Close closes the connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// Check asks each member for its status, and fails if one of them does not tell.
func (s *Sink) Check(ctx context.Context) error {
	return errors.Join(s.each(func(url string) error {
		answer, err := s.client.Do(ctx, http.MethodGet, url+statusPath, nil, nil)
		switch {
		case err != nil:
		case answer.Status != http.StatusOK:
			err = s.client.Scrub(answer.Error())
		case !strings.Contains(string(answer.Body), `"versionInfo"`):
			err = errors.New("what answers there is no Alertmanager")
		}
		if err != nil {
			return fmt.Errorf("ask %s: %w", url, err)
		}
		return nil
	})...)
}
