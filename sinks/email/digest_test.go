package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
)

// deliverAll delivers transitions, with what is left of them given again, and returns how many calls that took.
func deliverAll(t *testing.T, sink *Sink, first uint64, count int) (calls int, permanent []error) {
	t.Helper()
	for left := sinktest.Transitions(first, count); len(left) > 0; calls++ {
		outcomes, err := sink.Deliver(t.Context(), left)
		if err != nil || len(outcomes) != len(left) {
			t.Fatalf("got %v, %v", outcomes, err)
		}
		next := left[:0:0]
		for i, outcome := range outcomes {
			switch {
			case sinks.IsPermanent(outcome):
				permanent = append(permanent, outcome)
			case errors.Is(outcome, sinks.ErrNotTried):
				next = append(next, left[i])
			case outcome != nil:
				t.Fatal(outcome)
			}
		}
		left = next
	}
	return calls, permanent
}

func TestManyAlertsAreOneMail(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.StormThreshold = 4
	sink := newSink(t, options)
	if calls, _ := deliverAll(t, sink, 1, 5); calls != 1 {
		t.Errorf("5 alerts took %d calls", calls)
	}
	header, subject, text := read(t, server.Mails()[0].Content)
	if subject != "Many alerts: 3 started, 2 ended" {
		t.Errorf("the subject is %q", subject)
	}
	if want := sinktest.Transition(1).ID + ".5.digest@example.com"; header.Get("Message-ID") != "<"+want+">" {
		t.Errorf("the id is %s", header.Get("Message-ID"))
	}
	for number := range uint64(5) {
		if line := sinks.Headline(sinktest.Transition(number + 1)); !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
	if want := "2026-11-23T19:00:03.123Z  Alert 'too many lines' for web0 <a&b> changed state to INACTIVE after 3s\n"; !strings.Contains(text, want) {
		t.Errorf("%q is not in\n%s", want, text)
	}
	checkHeaders(t, server.Mails()[0].Content)
	// As many as may go out have mails of their own.
	if calls, _ := deliverAll(t, sink, 6, 3); calls != 3 || len(server.Mails()) != 4 {
		t.Errorf("3 alerts took %d calls, there are %d mails", calls, len(server.Mails()))
	}
}

// A mail for many that is refused for good costs no alert: each has one of its own then.
func TestRefusedMailForMany(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	server.Reply(func(command string) string {
		content, isMail := strings.CutPrefix(command, ".")
		if !isMail {
			return ""
		}
		if header, _, _ := read(t, []byte(content)); strings.Contains(header.Get("Message-ID"), ".digest@") {
			return "552 5.3.4 too large"
		}
		return ""
	})
	options := to(server)
	options.StormThreshold = 4
	sink := newSink(t, options)
	sink.limiter = rate.NewLimiter(rate.Inf, 1)
	if _, permanent := deliverAll(t, sink, 1, 6); permanent != nil || len(server.Mails()) != 6 {
		t.Errorf("%d mails, %v", len(server.Mails()), permanent)
	}
	if _, permanent := deliverAll(t, sink, 7, 6); permanent != nil || len(server.Mails()) != 12 {
		t.Errorf("%d mails, %v", len(server.Mails()), permanent)
	}
}

// A mail for many that passing trouble kept from somebody goes to nobody twice.
func TestRecipientOfAMailForManyWhoIsAcceptedLater(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.StormThreshold, options.To = 4, []string{"ops@example.com", "zoe@example.com"}
	sink := newSink(t, options)
	onReply(server, "RCPT TO:<zoe", "450 4.2.0 greylisted")
	outcomes, err := sink.Deliver(t.Context(), sinktest.Transitions(1, 5))
	if err != nil || slices.ContainsFunc(outcomes, func(outcome error) bool { return outcome == nil }) {
		t.Fatalf("got %v, %v", outcomes, err)
	}
	server.Reply(nil)
	deliverAll(t, sink, 1, 5)
	var got []string
	for _, mail := range server.Mails() {
		got = append(got, fmt.Sprint(mail.To))
	}
	if want := []string{"[ops@example.com]", "[zoe@example.com]"}; !slices.Equal(got, want) {
		t.Errorf("mails went to %v", got)
	}
}

func TestNoMoreMailsAMinute(t *testing.T) {
	server := sinktest.NewSMTP(t, sinktest.SMTPOptions{})
	options := to(server)
	options.StormThreshold = 2
	sink := newSink(t, options)
	deliverAll(t, sink, 1, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // the next is due in 30 s
	defer cancel()
	outcomes, err := sink.Deliver(ctx, sinktest.Transitions(3, 1))
	if err != nil || outcomes[0] == nil || !strings.Contains(outcomes[0].Error(), "wait for the pace of mails") || len(server.Mails()) != 2 {
		t.Errorf("got %v, %v, and %d mails", outcomes, err, len(server.Mails()))
	}
}
