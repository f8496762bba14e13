package slack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
)

// TestEpisodeIsOneMessage: posted when it begins, with its details in the thread, and changed when it ends, after a
// restart, with the end in the thread as well.
func TestEpisodeIsOneMessage(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		began := l.begin("web1")
		l.run(time.Minute)
		l.end(began)
		l.run(time.Minute)
		shown := l.server.Shown()
		if len(shown) != 3 {
			t.Fatalf("there are %d messages: %+v", len(shown), shown)
		}
		head, details, end := shown[0], shown[1], shown[2]
		l.expect("the message", head.Text, "Alert 'too many lines' for web1 changed state to INACTIVE")
		l.expect("the end", end.Text, "Alert 'too many lines' for web1 changed state to INACTIVE")
		if head.Thread != "" || details.Thread != head.TS || end.Thread != head.TS {
			t.Errorf("the threads are %q, %q, %q", head.Thread, details.Thread, end.Thread)
		}
		l.expect("as posted", l.posts()[0], "Alert 'too many lines' for web1 changed state to ACTIVE")
		for what, message := range map[string]sinktest.Message{"*Duration:* 1m": head, "*Peak:* 87": head, "GET /first": details, "GET /last": end} {
			if !strings.Contains(fmt.Sprintf("%+v", textsOf(message)), what) {
				t.Errorf("%q is not in %q", what, textsOf(message))
			}
		}
		want := fmt.Sprintf(`{"version":2,"done":[2],"latest":%q,"channel":"C0123","configured":"C0123"}`, end.TS)
		if state := string(mustState(&l.cursors)); state != want {
			t.Errorf("at the end the state is %s", state)
		}
	})
}

func mustState(cursors *sinktest.Cursors) []byte {
	cursor, _, _ := cursors.LoadCursor("slack")
	return cursor.State
}

func textsOf(m sinktest.Message) (texts []string) {
	for _, b := range m.Blocks {
		if b.Text != nil {
			texts = append(texts, b.Text.Text)
		}
		for _, element := range b.Elements {
			texts = append(texts, element.Text)
		}
	}
	return texts
}

// TestLatencyIsInTheMessage: the receipt says how long after the line it comes.
func TestLatencyIsInTheMessage(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.begin("web1")
		time.Sleep(1500 * time.Millisecond)
		l.run(time.Second)
		if got := fmt.Sprint(textsOf(l.server.Shown()[0])); !strings.Contains(got, "delivered 1500 ms after the line was received") {
			t.Errorf("got %s", got)
		}
	})
}

// TestEndThatIsThereBeforeTheDetails brings them along.
func TestEndThatIsThereBeforeTheDetails(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.end(l.begin("web1"))
		l.run(time.Minute)
		shown := l.server.Shown()
		if len(shown) != 2 {
			t.Fatalf("there are %d messages", len(shown))
		}
		if got := fmt.Sprint(textsOf(shown[1])); !strings.Contains(got, "GET /first") || !strings.Contains(got, "GET /last") {
			t.Errorf("got %s", got)
		}
	})
}

// TestUnknownOutcome: the connection breaks behind a message that was taken. It is found, whatever kind it is, in the
// same process and in the next.
func TestUnknownOutcome(t *testing.T) {
	for _, method := range []string{"postMessage", "update"} {
		inLab(t, func(t *testing.T, l *lab) {
			cut := map[string]bool{}
			l.server.Cut(func(r sinktest.Request) bool {
				body := string(r.Body)
				first := strings.Contains(r.Path, method) && !cut[body[:60]]
				cut[body[:60]] = true
				return first
			})
			began := l.begin("web1")
			l.run(time.Minute)
			l.end(began)
			l.run(time.Minute)
			if got := len(l.server.Shown()); got != 3 {
				t.Errorf("cut %s: there are %d messages: %q", method, got, l.posts())
			}
			if len(cut) < 2 {
				t.Error("nothing was cut")
			}
		})
	}
}

// TestNoScopeToLookUp: what may be there is written again, and that this can be is said once in the log, and as a notice.
func TestNoScopeToLookUp(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.server.Grant("chat:write")
		cuts := 0
		l.server.Cut(func(r sinktest.Request) bool {
			cuts++
			return strings.HasSuffix(r.Path, "postMessage") && cuts <= 3
		})
		l.begin("web1")
		stats := l.run(time.Minute)
		if !strings.Contains(stats.Notice, "channels:history") || !strings.Contains(stats.Notice, "missing_scope") {
			t.Errorf("the notice is %q", stats.Notice)
		}
		if got := strings.Count(l.log.String(), "channels:history"); got != 1 {
			t.Errorf("it is said %d times: %s", got, l.log.String())
		}
		if stats.State != sinks.StateOK || stats.Delivered != 1 || len(l.posts()) < 2 {
			t.Errorf("got %+v and %q", stats, l.posts())
		}
	})
}

// TestChannelThatCannotBeReadByItsName: posting takes a name, reading does not; that must not hold a channel up.
func TestChannelThatCannotBeReadByItsName(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
			if strings.Contains(r.Path, "conversations.") {
				fmt.Fprint(w, `{"ok":false,"error":"channel_not_found"}`)
				return true
			}
			return false
		})
		cut := false
		l.server.Cut(func(sinktest.Request) bool { defer func() { cut = true }(); return !cut })
		l.begin("web1")
		if stats := l.run(time.Minute); stats.Delivered != 1 {
			t.Errorf("got %+v", stats)
		}
	})
}

// TestBlocked: what only a person can mend is tried seldom, shown, and over once it is mended.
func TestBlocked(t *testing.T) {
	for _, word := range []string{
		"channel_not_found", "not_in_channel", "is_archived", "account_inactive", "token_revoked", "restricted_action",
	} {
		inLab(t, func(t *testing.T, l *lab) {
			l.server.Trouble(word)
			began := l.begin("web1")
			stats := l.run(time.Hour)
			if stats.State != sinks.StateBlocked || stats.Waiting != 1 || !strings.Contains(stats.LastError, word) {
				t.Errorf("got %+v", stats)
			}
			if got := len(l.server.Requests()); got < 5 || got > 25 {
				t.Errorf("%s: %d requests in an hour", word, got)
			}
			l.server.Trouble("")
			l.end(began)
			if stats := l.run(time.Minute); stats.State != sinks.StateOK || stats.Waiting != 0 {
				t.Errorf("%s: when it is mended: %+v", word, stats)
			}
			if got := len(l.letters.All()); got != 0 {
				t.Errorf("%s: %d dead letters", word, got)
			}
		})
	}
}

// TestChannelThatComesBack needs no restart.
func TestChannelThatComesBack(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.server.Trouble("is_archived")
		l.begin("web1")
		go func() {
			time.Sleep(20 * time.Minute)
			l.server.Trouble("")
		}()
		if stats := l.run(time.Hour); stats.State != sinks.StateOK || stats.Delivered != 1 {
			t.Errorf("got %+v", stats)
		}
	})
}

// answerWord makes the server refuse what a function picks.
func answerWord(l *lab, word string, picks func(r sinktest.Request) bool) {
	l.server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		if picks(r) {
			fmt.Fprintf(w, `{"ok":false,"error":%q}`, word)
			return true
		}
		return false
	})
}

// TestThreadThatTakesNoReply: the end is told in the channel then.
func TestThreadThatTakesNoReply(t *testing.T) {
	for _, word := range []string{"cannot_reply_to_message", "thread_not_found", "restricted_action_thread_locked"} {
		inLab(t, func(t *testing.T, l *lab) {
			answerWord(l, word, func(r sinktest.Request) bool { return strings.Contains(string(r.Body), "thread_ts") })
			began := l.begin("web1")
			l.run(time.Minute)
			l.end(began)
			l.run(time.Minute)
			shown := l.server.Shown()
			if len(shown) != 2 || shown[1].Thread != "" || !strings.HasSuffix(shown[1].Text, "INACTIVE") ||
				!strings.HasSuffix(shown[0].Text, "INACTIVE") {
				t.Errorf("%s: got %+v", word, shown)
			}
		})
	}
}

// TestMessageThatCannotBeChanged holds nothing up.
func TestMessageThatCannotBeChanged(t *testing.T) {
	for _, word := range []string{"message_not_found", "cant_update_message", "edit_window_closed", "invalid_blocks"} {
		inLab(t, func(t *testing.T, l *lab) {
			answerWord(l, word, func(r sinktest.Request) bool { return strings.HasSuffix(r.Path, "chat.update") })
			l.end(l.begin("web1"))
			l.begin("web2")
			if stats := l.run(time.Minute); stats.Delivered != 3 || stats.Waiting != 0 {
				t.Errorf("%s: got %+v", word, stats)
			}
		})
	}
}

// TestEndThatIsRefused is a dead letter, and the message shows it all the same.
func TestEndThatIsRefused(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		answerWord(l, "msg_too_long", func(r sinktest.Request) bool {
			return strings.HasSuffix(r.Path, "postMessage") && strings.Contains(string(r.Body), "INACTIVE")
		})
		ended := l.end(l.begin("web1"))
		l.begin("web2")
		stats := l.run(time.Minute)
		letters := l.letters.All()
		if len(letters) != 1 || letters[0].ID != ended.ID || !strings.Contains(letters[0].Reason, "msg_too_long") {
			t.Errorf("dead letters: %+v", letters)
		}
		if got := l.server.Shown()[0].Text; !strings.HasSuffix(got, "INACTIVE") || stats.Delivered != 2 {
			t.Errorf("the message says %q; %+v", got, stats)
		}
	})
}

// TestEndOfAnEpisodeThatIsNotKnown is a message of its own.
func TestEndOfAnEpisodeThatIsNotKnown(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		began := l.begin("web1")
		l.run(time.Minute)
		for _, state := range []string{"not JSON", `{"version":99}`} {
			if err := l.cursors.StoreCursor("slack", sinks.Cursor{After: l.number, State: []byte(state)}); err != nil {
				t.Fatal(err)
			}
			l.end(began)
			if stats := l.run(time.Minute); stats.Waiting != 0 {
				t.Errorf("got %+v", stats)
			}
			shown := l.server.Shown()
			if last := shown[len(shown)-1]; last.Thread != "" || !strings.HasSuffix(last.Text, "INACTIVE") {
				t.Errorf("got %+v", last)
			}
		}
		if got := strings.Count(l.log.String(), "cannot be read"); got != 2 {
			t.Errorf("it is said %d times", got)
		}
	})
}

func TestLink(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.options.LinkTemplate = `https://kibana/?q={{urlquery .Key}}&from={{.Start}}#a b|c`
		l.begin("<web 1>")
		l.run(time.Minute)
		want := "<https://kibana/?q=%3Cweb+1%3E&amp;from=2000-01-01T00:00:00.000Z#a%20b%7Cc|Look at the logs>"
		if got := textsOf(l.server.Shown()[1]); len(got) != 3 || got[2] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestCheckTellsOfTheChannel(t *testing.T) {
	for _, word := range []string{"channel_not_found", "not_in_channel", "is_archived"} {
		server := sinktest.NewSlack(t)
		server.Trouble(word)
		if err := newSink(t, byToken(server)).Check(t.Context()); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("got %v", err)
		}
	}
	server := sinktest.NewSlack(t)
	server.Grant("chat:write")
	sink := newSink(t, byToken(server))
	if err := sink.Check(t.Context()); err != nil || !strings.Contains(sink.Notice(), "channels:history") {
		t.Errorf("got %v and the notice %q", err, sink.Notice())
	}
	server.Grant("channels:history")
	if err := newSink(t, byToken(server)).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "chat:write") {
		t.Errorf("got %v", err)
	}
}

// TestChannelIsMended: another channel is configured because the first one is gone. What is open goes on there.
func TestChannelIsMended(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		began := l.begin("web1")
		l.run(time.Minute)
		state := strings.Replace(string(mustState(&l.cursors)), `"configured":"C0123"`, `"configured":"COLD"`, 1)
		state = strings.Replace(state, `"channel":"C0123"`, `"channel":"COLD"`, 1) // the thread's
		if err := l.cursors.StoreCursor("slack", sinks.Cursor{After: 1, State: []byte(state)}); err != nil {
			t.Fatal(err)
		}
		l.end(began)
		l.begin("web2")
		if stats := l.run(time.Minute); stats.Waiting != 0 || stats.State != sinks.StateOK {
			t.Errorf("got %+v", stats)
		}
		shown := l.server.Shown()
		if end := shown[2]; end.Thread != "" || !strings.HasSuffix(end.Text, "INACTIVE") {
			t.Errorf("got %+v", shown)
		}
	})
}

// TestFromTokenToWebhook: what a token's channel showed is not there for a webhook.
func TestFromTokenToWebhook(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		began := l.begin("web1")
		l.run(time.Minute)
		l.options.Token, l.options.Channel, l.options.WebhookURL = "", "", l.server.WebhookURL
		l.end(began)
		if stats := l.run(time.Minute); stats.Waiting != 0 {
			t.Errorf("got %+v", stats)
		}
		shown := l.server.Shown()
		if end := shown[len(shown)-1]; end.Thread != "" || !strings.HasSuffix(end.Text, "INACTIVE") {
			t.Errorf("got %+v", end)
		}
	})
}

// TestBrokenConnection is TestUnknownOutcome on a real one.
func TestBrokenConnection(t *testing.T) {
	server := sinktest.NewSlack(t)
	cut := false
	server.Cut(func(sinktest.Request) bool { defer func() { cut = true }(); return !cut })
	sink := newSink(t, byToken(server))
	if err := deliver(t, sink, sinktest.Transition(1)); err == nil || sinks.IsPermanent(err) || sinks.IsBlocked(err) {
		t.Errorf("got %v", err)
	}
	if err := deliver(t, sink, sinktest.Transition(1)); err != nil {
		t.Error(err)
	}
	if got := len(server.Messages()); got != 1 {
		t.Errorf("there are %d messages", got)
	}
}

// TestWordsThatAreNotKnown hold nothing up where something else can be done.
func TestWordsThatAreNotKnown(t *testing.T) {
	for what, picks := range map[string]func(r sinktest.Request) bool{
		"replies": func(r sinktest.Request) bool { return strings.Contains(string(r.Body), "thread_ts") },
		"changes": func(r sinktest.Request) bool { return strings.HasSuffix(r.Path, "chat.update") },
		"lookups": func(r sinktest.Request) bool { return strings.Contains(r.Path, "conversations.") },
	} {
		for _, answer := range []string{`{"ok":false,"error":"a_new_error"}`, `{"ok":false,"error":"invalid_arguments"}`} {
			inLab(t, func(t *testing.T, l *lab) {
				cut := false
				l.server.Cut(func(sinktest.Request) bool { defer func() { cut = true }(); return !cut })
				l.server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
					if picks(r) {
						fmt.Fprint(w, answer)
					}
					return picks(r)
				})
				began := l.begin("web1")
				l.run(time.Minute)
				l.end(began)
				l.begin("web2")
				if stats := l.run(time.Minute); stats.Waiting != 0 {
					t.Errorf("%s with %s: %+v", what, answer, stats)
				}
			})
		}
	}
}

// TestAlertDoesNotWaitForDetails: they take only what the channel's pace leaves.
func TestAlertDoesNotWaitForDetails(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		go func() {
			for i := range 15 {
				l.begin(fmt.Sprint("web", i))
				time.Sleep(2100 * time.Millisecond)
			}
		}()
		l.run(2 * time.Minute)
		for _, m := range l.server.Shown() {
			if got := fmt.Sprint(textsOf(m)); m.Thread == "" && !strings.Contains(got, "delivered 0 ms after") {
				t.Errorf("got %s", got)
			}
		}
		if got := len(l.server.Shown()); got != 30 {
			t.Errorf("there are %d messages", got)
		}
	})
}
