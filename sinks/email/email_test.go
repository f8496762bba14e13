package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

func newSink(t testing.TB, options Options) *Sink {
	t.Helper()
	sink, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

// to returns options for a server: with STARTTLS, whose certificate is trusted.
func to(server *sinktest.SMTP) Options {
	return Options{
		Server: server.Address, TLS: TLSStart, CA: server.CA, From: "Logboom <logboom@example.com>",
		To: []string{"ops@example.com"}, Hello: "logboom.test", StormThreshold: 1000,
	}
}

// deliver delivers one transition and returns its outcome.
func deliver(t testing.TB, sink *Sink, transition window.Transition) error {
	t.Helper()
	outcomes, err := sink.Deliver(t.Context(), []window.Transition{transition})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	return outcomes[0]
}

// read parses a mail and returns it with its decoded subject and text.
func read(t testing.TB, content []byte) (header mail.Header, subject, text string) {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%v of\n%s", err, content)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		t.Fatalf("%v of %s", err, parsed.Header.Get("Subject"))
	}
	if got := parsed.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatalf("the encoding is %s", got)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header, subject, strings.ReplaceAll(string(body), "\r\n", "\n")
}

// onReply makes a server reply with this to commands that begin so.
func onReply(server *sinktest.SMTP, command, reply string) {
	server.Reply(func(line string) string {
		if command == "" && line != "" || !strings.HasPrefix(line, command) {
			return ""
		}
		return reply
	})
}

// failures are ways to fail that pass, by the command and the reply.
var failures = map[string][2]string{
	"greeting 421": {"", "421 4.3.2 too busy"}, "greeting cut": {"", sinktest.SMTPCut},
	"EHLO 421": {"EHLO", "421 4.3.2 too busy"}, "MAIL 451": {"MAIL", "451 4.3.0 later"},
	"RCPT 450": {"RCPT", "450 4.2.0 greylisted"}, "DATA 451": {"DATA", "451 4.3.0 later"},
	"DATA cut": {"DATA", sinktest.SMTPCut}, "end 452": {".", "452 4.3.1 no room"}, "STARTTLS 454": {"STARTTLS", "454 4.7.0 later"},
}

func TestConforms(t *testing.T) {
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Fixture {
				server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
				return sinktest.Fixture{
					Open:     func(t *testing.T) sinks.Sink { return newSink(t, to(server)) },
					Received: func(t *testing.T) [][]byte { return identifiers(t, server) },
					Expected: func(t window.Transition) []byte {
						return fmt.Appendf(nil, "<%s.%s@example.com>", t.Episode, t.State)
					},
					Fail: func(*testing.T) { onReply(server, failure[0], failure[1]) },
					Mend: func(*testing.T) { server.Reply(nil) },
					Refuse: func(transition window.Transition) {
						id := fmt.Sprintf("<%s.%s@example.com>", transition.Episode, transition.State)
						server.Reply(func(command string) string {
							content, isMail := strings.CutPrefix(command, ".")
							if !isMail {
								return ""
							}
							if header, _, _ := read(t, []byte(content)); header.Get("Message-ID") != id {
								return ""
							}
							return "554 5.6.0 this one is not wanted"
						})
					},
					Hang: func(*testing.T) func() bool { return hang(server, "DATA") },
				}
			})
		})
	}
}

func identifiers(t *testing.T, server *sinktest.SMTP) (list [][]byte) {
	for _, taken := range server.Mails() {
		header, _, _ := read(t, taken.Content)
		list = append(list, []byte(header.Get("Message-ID")))
	}
	return list
}

// hang makes a server never reply to a command, and returns what tells whether it has come.
func hang(server *sinktest.SMTP, command string) func() bool {
	var reached atomic.Bool
	server.Reply(func(line string) string {
		if !strings.HasPrefix(line, command) {
			return ""
		}
		reached.Store(true)
		return sinktest.SMTPHang
	})
	return reached.Load
}

func TestMail(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.To = []string{"ops@example.com", "Zoë <zoe@example.com>"}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	options.Now = func() time.Time { return now }
	sink := newSink(t, options)
	for number := uint64(1); number <= 2; number++ {
		if err := deliver(t, sink, sinktest.Transition(number)); err != nil {
			t.Fatal(err)
		}
	}
	mails := server.Mails()
	if len(mails) != 2 || mails[0].From != "logboom@example.com" || !mails[0].TLS ||
		!slices.Equal(mails[0].To, []string{"ops@example.com", "zoe@example.com"}) {
		t.Fatalf("got %+v", mails)
	}
	start, subject, text := read(t, mails[0].Content)
	if want := sinks.Headline(sinktest.Transition(1)); subject != want {
		t.Errorf("the subject is %q", subject)
	}
	if want := `Alert 'too many lines' for web0 <a&b> changed state to ACTIVE

Count:     5 events in 1s (threshold 5)
Rule:      too many lines
host.name: web0 <a&b>
Start:     2026-11-23T19:00:00.123Z
Received:  2026-11-23T19:00:00.135Z

The lines that made it:
  101
  102 <x> & "y"
  103
`; text != want {
		t.Errorf("the text is\n%s", text)
	}
	for name, want := range map[string]string{
		"From": `"Logboom" <logboom@example.com>`, "To": "<ops@example.com>, =?utf-8?q?Zo=C3=AB?= <zoe@example.com>",
		"Date": "Tue, 24 Nov 2026 12:00:00 +0000", "Auto-Submitted": "auto-generated", "In-Reply-To": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := start.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	end, subject, text := read(t, mails[1].Content)
	if subject != sinks.Headline(sinktest.Transition(2)) || end.Get("In-Reply-To") != start.Get("Message-ID") ||
		end.Get("References") != start.Get("Message-ID") || end.Get("Message-ID") == start.Get("Message-ID") {
		t.Errorf("%q with the header %v", subject, end)
	}
	for _, want := range []string{"Duration:  3s", "Peak:      100 events in 1s (threshold 5)", "End:       2026-11-23T19:00:03.123Z", "The last lines:\n  200"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestNothingBreaksOutOfTheHeaders has rules and keys that try.
func TestNothingBreaksOutOfTheHeaders(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	sink := newSink(t, to(server))
	for _, evil := range []string{
		"a\r\nBcc: evil@example.com", "a\nBcc: evil@example.com\n\nbody", "a\r\n\r\n.\r\nMAIL FROM:<evil@example.com>",
		"a\rBcc: evil@example.com", "a\u2028Bcc: evil@example.com", "a\x00b\x1b[2J", "\xff\xfe", strings.Repeat("ü", 5000),
		strings.Repeat("x", 5000), "=?utf-8?q?=0D=0ABcc:_evil@example.com?=", "\r\n.\r\n",
	} {
		transition := window.Transition{Rule: evil, Grouped: true, Key: evil, State: window.Active, First: []string{evil, ".", "..\r\n."}}
		before := len(server.Mails())
		if err := deliver(t, sink, transition); err != nil {
			t.Fatalf("%q: %v", evil, err)
		}
		mails := server.Mails()[before:]
		if len(mails) != 1 || !slices.Equal(mails[0].To, []string{"ops@example.com"}) {
			t.Fatalf("%q became %+v", evil, mails)
		}
		checkHeaders(t, mails[0].Content)
	}
	for _, command := range server.Commands() {
		if strings.Contains(command, "evil") {
			t.Errorf("the command %q was sent", command)
		}
	}
}

// ownHeaders are all that a mail may have.
var ownHeaders = []string{
	"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version",
	"References", "Subject", "To",
}

func checkHeaders(t testing.TB, content []byte) {
	t.Helper()
	header, subject, _ := read(t, content)
	for name, values := range header {
		if !slices.Contains(ownHeaders, name) || len(values) != 1 {
			t.Errorf("there is a header %s: %q", name, values)
		}
	}
	if strings.ContainsAny(subject, "\r\n\x00\u2028") || utf8.RuneCountInString(subject) > longestSubject {
		t.Errorf("the subject is %q", subject)
	}
	for _, line := range bytes.Split(content, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") { // RFC 5322, 2.1.1
			t.Errorf("there is a line %q", line)
		}
	}
}

// FuzzMail: whatever a log says, the mail can be read, has no header but ours, and the text is what was said.
func FuzzMail(f *testing.F) {
	f.Add("rule", "key", "line", true)
	f.Add("a\r\nBcc: evil@example.com", "\r\n.\r\n", "\xff\x00", false)
	f.Add("=?utf-8?q?=0D=0A?=", strings.Repeat("ü€", 200), ".", true)
	sink := newSink(f, Options{Server: "127.0.0.1:25", From: "logboom@example.com", To: []string{"ops@example.com"}})
	f.Fuzz(func(t *testing.T, rule, key, line string, active bool) {
		transition := window.Transition{Rule: rule, Grouped: true, Key: key, First: []string{line}, Last: []string{line}}
		if active {
			transition.State = window.Active
		}
		content, err := sink.compose(transition)
		if err != nil {
			t.Fatal(err)
		}
		checkHeaders(t, content)
		header, _, _ := read(t, content)
		if to := header.Get("To"); to != "<ops@example.com>" {
			t.Errorf("it goes to %q", to)
		}
	})
}

func TestTemplates(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.Subject = "[{{.State}}]\n {{.Rule}}"
	options.Text = "{{range .Samples}}* {{.}}\n{{end}}"
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	_, subject, text := read(t, server.Mails()[0].Content)
	if subject != "[ACTIVE] too many lines" || text != "* 101\n* 102 <x> & \"y\"\n* 103\n" {
		t.Errorf("got %q and %q", subject, text)
	}
}

// TestTemplateThatFailsAtWork must not cost the alert.
func TestTemplateThatFailsAtWork(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	for _, source := range []string{`{{if eq .Rule "too many lines"}}{{index .Samples 99}}{{else}}x{{end}}`, `{{if ne .Rule "too many lines"}}x{{end}}`} {
		options.Subject, options.Text = source, source
		if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, taken := range server.Mails() {
		_, subject, text := read(t, taken.Content)
		if want := sinks.Headline(sinktest.Transition(1)); subject != want || !strings.Contains(text, want) {
			t.Errorf("got %q and %q", subject, text)
		}
	}
}

// kind is how a reply has to be taken.
type kind int

const (
	done kind = iota
	passing
	blocked
	permanent
)

func kindOf(err error) kind {
	switch {
	case err == nil:
		return done
	case sinks.IsPermanent(err):
		return permanent
	case sinks.IsBlocked(err):
		return blocked
	}
	return passing
}

func TestReplies(t *testing.T) {
	for _, test := range []struct {
		command, reply string
		want           kind
	}{
		{"", "554 5.3.2 no mail here", blocked},
		{"", "421 4.3.2 later", passing},
		{"", "HTTP/1.1 400 Bad Request", blocked},
		{"EHLO", "550 5.7.1 go away", done}, // HELO does it too, but then there is no STARTTLS: see below
		{"STARTTLS", "501 5.5.4 no", blocked},
		{"MAIL", "550 5.1.8 sender rejected", blocked},
		{"MAIL", "451 4.3.0 later", passing},
		{"RCPT", "550 5.1.1 no such user", blocked},
		{"RCPT", "450 4.2.0 greylisted", passing},
		{"DATA", "554 5.5.1 no", permanent},
		{"DATA", "451 4.3.0 later", passing},
		{".", "552 5.3.4 too large", permanent},
		{".", "554 5.7.1 spam", permanent},
		{".", "451 4.3.0 later", passing},
		{".", sinktest.SMTPCut, passing},
		{"QUIT", "500 5.5.1 what", done},
		{"QUIT", sinktest.SMTPCut, done},
	} {
		server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
		onReply(server, test.command, test.reply)
		err := deliver(t, newSink(t, to(server)), sinktest.Transition(1))
		if test.command == "EHLO" {
			test.want = blocked
		}
		if kindOf(err) != test.want {
			t.Errorf("%s %s gave %v", test.command, test.reply, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q has several lines", err)
		}
		sinktest.WaitFor(t, func() bool { return server.Connections() == 0 })
	}
}

func TestNobodyListens(t *testing.T) {
	err := deliver(t, newSink(t, Options{Server: "127.0.0.1:1", From: "a@b.c", To: []string{"a@b.c"}}), sinktest.Transition(1))
	if kindOf(err) != passing || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}

func TestTLSIsRequired(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Plain: true})
	err := deliver(t, newSink(t, to(server)), sinktest.Transition(1))
	if kindOf(err) != blocked || !strings.Contains(err.Error(), "STARTTLS") || len(server.Mails()) != 0 {
		t.Errorf("got %v", err)
	}
	options := to(server)
	options.TLS = TLSNone
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil || server.Mails()[0].TLS {
		t.Errorf("got %v", err)
	}
}

func TestImplicitTLS(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Implicit: true})
	options := to(server)
	options.TLS = TLSImplicit
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil || !server.Mails()[0].TLS {
		t.Errorf("got %v", err)
	}
}

func TestCertificateMustBeTrusted(t *testing.T) {
	for _, mode := range []TLS{TLSStart, TLSImplicit} {
		server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Implicit: mode == TLSImplicit})
		options := to(server)
		options.TLS, options.CA = mode, nil
		err := deliver(t, newSink(t, options), sinktest.Transition(1))
		if kindOf(err) != blocked || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: got %v", mode, err)
		}
		options.InsecureSkipVerify = true
		if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
			t.Errorf("%s: got %v", mode, err)
		}
	}
}

func TestTLSByItself(t *testing.T) {
	for server, want := range map[string]TLS{
		"smtp.example.com:587": TLSStart, "smtp.example.com:25": TLSStart, "smtp.example.com:465": TLSImplicit,
		"127.0.0.1:25": TLSNone, "localhost:1025": TLSNone, "[::1]:25": TLSNone, "127.0.0.1:465": TLSImplicit,
	} {
		for _, mode := range []TLS{"", TLSAuto} {
			sink := newSink(t, Options{Server: server, TLS: mode, From: "a@b.c", To: []string{"a@b.c"}})
			if sink.options.TLS != want {
				t.Errorf("%s has %s, want %s", server, sink.options.TLS, want)
			}
		}
	}
}

func TestAuthentication(t *testing.T) {
	for _, test := range []struct {
		mechanisms string
		auth       Auth
		password   string
		want       kind
	}{
		{"PLAIN LOGIN", "", sinktest.SMTPPassword, done},
		{"LOGIN", AuthAuto, sinktest.SMTPPassword, done},
		{"PLAIN LOGIN", AuthPlain, sinktest.SMTPPassword, done},
		{"PLAIN LOGIN", AuthLogin, sinktest.SMTPPassword, done},
		{"LOGIN", AuthPlain, sinktest.SMTPPassword, blocked},
		{"", AuthAuto, sinktest.SMTPPassword, blocked},
		{"PLAIN", "", "wrong-password", blocked},
		{"LOGIN", "", "wrong-password", blocked},
		{"PLAIN", "", "", blocked},
	} {
		server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Mechanisms: test.mechanisms})
		options := to(server)
		options.Auth = test.auth
		if test.password != "" {
			options.Username, options.Password = sinktest.SMTPUser, test.password
		}
		err := deliver(t, newSink(t, options), sinktest.Transition(1))
		if kindOf(err) != test.want || err == nil && server.Mails()[0].User != sinktest.SMTPUser {
			t.Errorf("%+v: got %v", test, err)
		}
		sinktest.WaitFor(t, func() bool { return server.Connections() == 0 })
	}
}

func TestOneRefusedRecipientDoesNotKeepTheOthersFromTheMail(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	onReply(server, "RCPT TO:<gone@", "550 5.1.1 no such user")
	options := to(server)
	options.To = []string{"gone@example.com", "ops@example.com"}
	sink := newSink(t, options)
	if err := deliver(t, sink, sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	if got := server.Mails(); len(got) != 1 || !slices.Equal(got[0].To, []string{"ops@example.com"}) {
		t.Errorf("got %+v", got)
	}
	if got := sink.Notice(); !strings.Contains(got, "1 of 2 recipients") || !strings.Contains(got, "gone@example.com: 550") {
		t.Errorf("the notice is %q", got)
	}
	server.Reply(nil)
	if err := deliver(t, sink, sinktest.Transition(2)); err != nil || sink.Notice() != "" {
		t.Errorf("got %v, the notice is %q", err, sink.Notice())
	}
}

// TestRecipientWhoIsAcceptedLater gets the mail later, and the others get it once.
func TestRecipientWhoIsAcceptedLater(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	onReply(server, "RCPT TO:<slow@", "450 4.2.0 greylisted")
	options := to(server)
	options.To = []string{"slow@example.com", "ops@example.com"}
	sink := newSink(t, options)
	if err := deliver(t, sink, sinktest.Transition(1)); kindOf(err) != passing {
		t.Fatalf("got %v", err)
	}
	server.Reply(nil)
	if err := deliver(t, sink, sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, taken := range server.Mails() {
		got = append(got, taken.To...)
	}
	if !slices.Equal(got, []string{"ops@example.com", "slow@example.com"}) {
		t.Errorf("mails went to %v", got)
	}
	if err := deliver(t, sink, sinktest.Transition(2)); err != nil || len(server.Mails()[2].To) != 2 {
		t.Errorf("got %v, %+v", err, server.Mails()[2:])
	}
}

// A full mailbox must not keep the others from alerts for ever.
func TestRecipientWhoIsPutOffForEver(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	onReply(server, "RCPT TO:<full@", "452 4.2.2 mailbox full")
	options := to(server)
	options.To = []string{"full@example.com", "ops@example.com"}
	now := time.Unix(1_700_000_000, 0)
	options.Now = func() time.Time { return now }
	sink := newSink(t, options)
	for range 5 {
		if err := deliver(t, sink, sinktest.Transition(1)); kindOf(err) != passing {
			t.Fatalf("after %s: %v", now, err)
		}
		now = now.Add(longestPutOff/5 - time.Second/5 + 1)
	}
	now = now.Add(time.Second)
	for number := range uint64(3) {
		if err := deliver(t, sink, sinktest.Transition(number+1)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(server.Mails()); got != 3 {
		t.Errorf("ops@ got %d mails", got)
	}
	if got := sink.Notice(); !strings.Contains(got, "1 of 2 recipients") || !strings.Contains(got, "full@example.com: 452") {
		t.Errorf("the notice is %q", got)
	}
	onReply(server, "RCPT TO:", "452 4.3.1 the disk is full")
	if err := deliver(t, sink, sinktest.Transition(4)); kindOf(err) != passing {
		t.Errorf("nobody has the mail: %v", err)
	}
	server.Reply(nil)
	if err := deliver(t, sink, sinktest.Transition(4)); err != nil || len(server.Mails()[3].To) != 2 || sink.Notice() != "" {
		t.Errorf("got %v, %+v, the notice is %q", err, server.Mails()[3:], sink.Notice())
	}
}

// A recipient put off while a mail went that was refused for good, and once more a day later: that is no five minutes of being put off.
func TestRecipientWhoWasPutOffLongAgo(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.To = []string{"grey@example.com", "ops@example.com"}
	now := time.Unix(1_700_000_000, 0)
	options.Now = func() time.Time { return now }
	sink := newSink(t, options)
	server.Reply(func(command string) string {
		switch {
		case strings.HasPrefix(command, "RCPT TO:<grey@"):
			return "451 4.7.1 greylisted"
		case command == ".":
			return "554 5.6.0 this content is refused"
		}
		return ""
	})
	if err := deliver(t, sink, sinktest.Transition(1)); err == nil {
		t.Fatal("the mail was taken")
	}
	now = now.Add(24 * time.Hour)
	onReply(server, "RCPT TO:<grey@", "451 4.7.1 greylisted")
	if err := deliver(t, sink, sinktest.Transition(2)); kindOf(err) != passing {
		t.Errorf("the mail is done at the first 451 since a day: %v; %s", err, sink.Notice())
	}
}

func TestNoAnswerInTime(t *testing.T) {
	for _, command := range []string{"EHLO", "STARTTLS", "MAIL", "DATA", "."} {
		server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
		hang(server, command)
		options := to(server)
		options.Timeout = 50 * time.Millisecond
		err := deliver(t, newSink(t, options), sinktest.Transition(1))
		if kindOf(err) != passing || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: got %v", command, err)
		}
	}
}

func TestEndOfTheContext(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	reached := hang(server, "MAIL")
	sink := newSink(t, to(server))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		outcomes, err := sink.Deliver(ctx, []window.Transition{sinktest.Transition(1)})
		ended <- errors.Join(append(outcomes, err)...)
	}()
	sinktest.WaitFor(t, reached)
	cancel()
	if err := <-ended; kindOf(err) != passing {
		t.Errorf("got %v", err)
	}
}

func TestOneMailACall(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	outcomes, err := newSink(t, to(server)).Deliver(t.Context(), sinktest.Transitions(1, 3))
	if err != nil || fmt.Sprint(outcomes) != fmt.Sprint([]error{nil, sinks.ErrNotTried, sinks.ErrNotTried}) || len(server.Mails()) != 1 {
		t.Errorf("got %v, %v", outcomes, err)
	}
}

func TestCheck(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Mechanisms: "PLAIN"})
	options := to(server)
	options.Username, options.Password = sinktest.SMTPUser, sinktest.SMTPPassword
	if err := newSink(t, options).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if got := strings.Join(server.Commands(), ","); got != "EHLO logboom.test,STARTTLS,EHLO logboom.test,AUTH,QUIT" {
		t.Errorf("checking sent %s", got)
	}
	options.Password = "wrong-password"
	if err := newSink(t, options).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsNameEveryMistake(t *testing.T) {
	good := Options{Server: "smtp.example.com:587", From: "a@b.c", To: []string{"a@b.c"}}
	for want, change := range map[string]func(*Options){
		"server: not a host":    func(o *Options) { o.Server = "smtp.example.com" },
		"server: not a":         func(o *Options) { o.Server = ":587" },
		"from: not an address":  func(o *Options) { o.From = "a" },
		"to: at least one":      func(o *Options) { o.To = nil },
		"to[1]: not an address": func(o *Options) { o.To = []string{"a@b.c", "a@b.c\r\nBcc: x@y.z"} },
		"tls: not one of":       func(o *Options) { o.TLS = "ssl" },
		"auth: not one of":      func(o *Options) { o.Auth = "ntlm" },
		"username and password": func(o *Options) { o.Password = "hidden" },
		"travel readable":       func(o *Options) { o.Username, o.Password, o.TLS = "a", "hidden", TLSNone },
		"ca: it holds no PEM":   func(o *Options) { o.CA = []byte("hidden") },
		"the subject template":  func(o *Options) { o.Subject = "{{" },
		"the text template":     func(o *Options) { o.Text = "{{.Nope}}" },
	} {
		options := good
		change(&options)
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNoSecretIsShown: neither by printing, nor in a reply that sends it back.
func TestNoSecretIsShown(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		server := sinktest.NewSMTP(t, sinktest.SMTPOptions{Mechanisms: mechanism}) // whose 535 repeats what it was given
		options := to(server)
		options.Username, options.Password = "me", "password-hidden"
		sink := newSink(t, options)
		onReply(server, "AUTH", "535 5.7.8 not bWU= with cGFzc3dvcmQtaGlkZGVu, that is password-hidden")
		echoed := deliver(t, sink, sinktest.Transition(1))
		server.Reply(nil)
		for _, printed := range []any{
			options, &options, sink.options, sink.secrets, sink.Check(t.Context()), deliver(t, sink, sinktest.Transition(1)), echoed,
		} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				text := fmt.Sprintf(verb, printed)
				if strings.Contains(text, "hidden") || strings.Contains(text, "cGFzc3dvcmQt") || strings.Contains(text, "AG1lAHBh") {
					t.Errorf("%s of %T shows a secret: %s", verb, printed, text)
				}
			}
		}
	}
}
