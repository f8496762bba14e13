package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// longestAnswer bounds an answer, in bytes. Slack's holds the message again.
const longestAnswer = 1 << 20

// Sink is a sinks.Sink that posts messages.
type Sink struct {
	options Options
	state   state
	// untaken says that the pending post is known not to be taken. After a restart it is not known.
	untaken bool
	// notice is what an operator has to know, blindTo the method that it is about.
	notice, blindTo string

	secrets   sinks.Secrets
	templates templates
	client    *http.Client
	limiter   *rate.Limiter
}

var (
	_ sinks.Continuing = (*Sink)(nil)
	_ sinks.Noticing   = (*Sink)(nil)
)

// New returns a sink. It connects to nothing yet; its error names every mistake in the options and templates.
func New(options Options) (*Sink, error) {
	options.setDefaults()
	templates, err := parseTemplates(options.TextTemplate, options.DetailsTemplate, options.LinkTemplate)
	if err := errors.Join(options.validate(), err); err != nil {
		return nil, err
	}
	return &Sink{
		options:   options,
		state:     state{Version: stateVersion},
		secrets:   options.secrets(),
		templates: templates,
		client:    &http.Client{Transport: options.Transport, Timeout: options.Timeout, CheckRedirect: stay},
		limiter:   rate.NewLimiter(rate.Every(options.Interval), burst),
	}, nil
}

// stay follows no redirect: the message would be lost on the way, and the token must go nowhere else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// threads tells whether messages can be changed and replied to.
func (s *Sink) threads() bool { return s.options.WebhookURL == "" }

// Close closes the connections.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Check asks Slack whether it takes the credentials and knows the channel, without posting anything. Notice tells
// afterwards whether something less is missing.
func (s *Sink) Check(ctx context.Context) error {
	return s.secrets.Scrub(s.check(ctx))
}

func (s *Sink) check(ctx context.Context) error {
	if !s.threads() {
		// A live webhook answers a message without a text with an error of that message.
		err := s.hook(ctx, []byte("{}"))
		if isMessageError(err) {
			return nil
		}
		return err
	}
	if err := s.call(ctx, "auth.test", []byte("{}"), nil); err != nil {
		return err
	}
	// To change a message that cannot exist needs the right to post, and nothing else: Slack says that there is no such
	// message, or what is wrong with the channel.
	err := s.call(ctx, "chat.update", message{Channel: s.options.Channel, TS: "1.000000", Text: "-"}.encode(), nil)
	if err != nil && !goneWords[wordOf(err)] {
		return err
	}
	return s.checkLookup(ctx)
}

// checkLookup finds out whether messages can be looked up. Where they cannot, that is a notice and no failure.
func (s *Sink) checkLookup(ctx context.Context) error {
	const method = "conversations.history"
	err := s.ask(ctx, method, url.Values{"channel": {s.options.Channel}, "limit": {"1"}}, nil)
	if mayNotLook(err, true) {
		s.blind(method, err)
		return nil
	}
	return err
}

// write posts a message, or, if something is wrong with it, its sentence alone, and returns where it is.
func (s *Sink) write(ctx context.Context, m message, t *window.Transition) (at place, err error) {
	at, err = s.post(ctx, m)
	if isMessageError(err) {
		at, err = s.post(ctx, m.plain(t))
	}
	if err == nil && m.Channel == s.options.Channel {
		s.state.seen(at, s.options.Channel)
	}
	return at, err
}

func (s *Sink) post(ctx context.Context, m message) (at place, err error) {
	if err := s.pace(ctx); err != nil {
		return place{}, err
	}
	if !s.threads() {
		return place{}, s.hook(ctx, m.encode())
	}
	if err = s.call(ctx, "chat.postMessage", m.encode(), &at); err != nil {
		return place{}, err
	}
	if at.Channel == "" {
		at.Channel = m.Channel
	}
	return at, nil
}

// change changes a message to m, or, if something is wrong with m, to its sentence alone.
func (s *Sink) change(ctx context.Context, at place, m message, t *window.Transition) error {
	m.Channel, m.TS, m.Metadata = at.Channel, at.TS, nil
	err := s.rewrite(ctx, m)
	if isMessageError(err) {
		return s.rewrite(ctx, m.plain(t))
	}
	return err
}

func (s *Sink) rewrite(ctx context.Context, m message) error {
	if err := s.pace(ctx); err != nil {
		return err
	}
	return s.call(ctx, "chat.update", m.encode(), nil)
}

// errPace is an end of the context before a request was made.
var errPace = errors.New("wait for the pace of the channel")

func (s *Sink) pace(ctx context.Context) error {
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("%w: %w", errPace, err)
	}
	return nil
}

// The forms of a request's body. Methods that read take no JSON.
const (
	formJSON = "application/json; charset=utf-8"
	formURL  = "application/x-www-form-urlencoded"
)

// call calls a method of Slack's Web API, and takes its answer into result unless that is nil.
func (s *Sink) call(ctx context.Context, method string, body []byte, result any) error {
	return s.invoke(ctx, method, formJSON, body, result)
}

// ask calls a method that reads.
func (s *Sink) ask(ctx context.Context, method string, arguments url.Values, result any) error {
	return s.invoke(ctx, method, formURL, []byte(arguments.Encode()), result)
}

func (s *Sink) invoke(ctx context.Context, method, form string, body []byte, result any) error {
	answer, err := s.send(ctx, s.options.URL+"/"+method, form, body)
	if err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	if err := answer.ofAPI(s.options.Now(), result); err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	return nil
}

// hook sends a message to the incoming webhook.
func (s *Sink) hook(ctx context.Context, body []byte) error {
	answer, err := s.send(ctx, s.options.WebhookURL, formJSON, body)
	if err != nil {
		return fmt.Errorf("call the incoming webhook: %w", err)
	}
	if err := answer.ofWebhook(s.options.Now()); err != nil {
		return fmt.Errorf("call the incoming webhook: %w", err)
	}
	return nil
}

func (s *Sink) send(ctx context.Context, address, form string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, withoutAddress(err)
	}
	request.Header.Set("Content-Type", form)
	if s.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.options.Token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, withoutAddress(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read, or is given up
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: text}, nil
}

// withoutAddress returns the error behind a *url.Error, which would show the address: a webhook's is a secret.
func withoutAddress(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	if wrapped.Timeout() {
		return fmt.Errorf("no answer in time: %w", wrapped.Err)
	}
	return wrapped.Err
}
