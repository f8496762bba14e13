package slack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

// TestStormIsOneMessage: what is beyond the threshold is counted in one message, across a restart, until the last has
// ended, and then that message is final.
func TestStormIsOneMessage(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		var open []window.Transition
		for i := range 300 {
			open = append(open, l.begin(fmt.Sprintf("web%d", i%40)))
			time.Sleep(time.Millisecond)
		}
		l.run(10 * time.Second)
		l.expect("in the middle", l.server.Shown()[0].Text, "Alert storm: 300 started, 300 active, 0 ended")
		for _, began := range open[:100] {
			l.end(began)
		}
		l.run(2 * time.Minute)
		l.expect("when it is over", l.server.Shown()[0].Text, "Alert storm, over: 300 started, 200 active, 100 ended")
		for _, began := range open[100:] {
			l.end(began)
		}
		l.run(2 * time.Minute)
		shown := l.server.Shown()
		l.expect("at the end", shown[0].Text, "Alert storm, over: 300 started, 0 active, 300 ended")
		if note := fmt.Sprint(textsOf(shown[0])); !strings.Contains(note, "final") || !strings.Contains(note, "300 × too many lines") ||
			!strings.Contains(note, "8 × web0") || !strings.Contains(note, "260 × others") {
			t.Errorf("got %s", note)
		}
		if len(shown) != 1 {
			t.Errorf("there are %d messages", len(shown))
		}
		if state := string(mustState(&l.cursors)); strings.Contains(state, "digests") {
			t.Errorf("the state is %s", state)
		}
		l.expectPace()
	})
}

// TestStormThatGoesOn: the digest is changed now and then, not with every alert, and what comes after it has messages of
// its own again.
func TestStormThatGoesOn(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		go func() {
			for i := range 600 {
				l.end(l.begin(fmt.Sprint("web", i)))
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(5 * time.Minute)
			l.begin("alone")
		}()
		l.run(10 * time.Minute)
		changes, started := l.server.Changes(), 0
		if len(changes) > 90 {
			t.Errorf("%d writes for a storm of a minute", len(changes))
		}
		for _, m := range l.server.Shown() {
			var s, a, e int
			if _, found := strings.CutPrefix(m.Text, "Alert storm, over: "); found {
				fmt.Sscanf(m.Text, "Alert storm, over: %d started, %d active, %d ended", &s, &a, &e)
				started += s
			} else if m.Thread == "" {
				started++
			}
		}
		l.expect("all alerts", started, 601)
		last := l.server.Shown()
		if got := last[len(last)-2].Text; !strings.HasSuffix(got, "ACTIVE") { // the last is its details
			t.Errorf("behind the storm there is %q", got)
		}
		l.expectPace()
	})
}

// TestFewAlertsAreNoStorm: up to the threshold each has a message of its own.
func TestFewAlertsAreNoStorm(t *testing.T) {
	for count, want := range map[int]int{DefaultStormThreshold: DefaultStormThreshold, DefaultStormThreshold + 1: 1} {
		inLab(t, func(t *testing.T, l *lab) {
			for i := range count {
				l.begin(fmt.Sprint("web", i))
			}
			l.run(5 * time.Minute)
			if got := len(l.server.Messages()); got != want {
				t.Errorf("%d alerts are %d messages, want %d", count, got, want)
			}
			l.expectPace()
		})
	}
}

// TestBacklogIsOneMessage: what could not be delivered for long is no flood afterwards.
func TestBacklogIsOneMessage(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		known := l.begin("known")
		l.run(time.Minute)
		for i := range 10 {
			began := l.begin(fmt.Sprint("web", i))
			if i > 0 {
				l.end(began)
			}
		}
		l.end(known)
		time.Sleep(time.Hour)
		fresh := l.begin("fresh")
		l.run(5 * time.Minute)
		var texts []string
		for _, m := range l.server.Shown() {
			if m.Thread == "" {
				texts = append(texts, m.Text)
			}
		}
		l.expect("the channel", texts, []string{
			"Alert 'too many lines' for known changed state to INACTIVE",
			"Alerts that could not be delivered in time, over: 10 started, 1 active, 9 ended",
			escape(sinks.Headline(fresh)),
		})
	})
}

// TestDigestThatSomebodyDeleted is posted again, with all its numbers.
func TestDigestThatSomebodyDeleted(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		var open []window.Transition
		for i := range 50 {
			open = append(open, l.begin(fmt.Sprint("web", i)))
		}
		l.run(10 * time.Second)
		l.server.Delete(l.server.Shown()[0].TS)
		for _, began := range open {
			l.end(began)
		}
		l.run(5 * time.Minute)
		l.expect("the digest", l.server.Shown()[0].Text, "Alert storm, over: 50 started, 0 active, 50 ended")
	})
}

// TestUpdateThatComesLate: an update whose request was given up arrives behind the last one. The last one is repeated.
func TestUpdateThatComesLate(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		cut := 0
		l.server.Cut(func(r sinktest.Request) bool {
			if !strings.HasSuffix(r.Path, "chat.update") {
				return false
			}
			cut++
			return cut == 1
		})
		var open []window.Transition
		for i := range 50 {
			open = append(open, l.begin(fmt.Sprint("web", i)))
		}
		l.run(time.Second)
		for _, began := range open {
			l.end(began)
		}
		l.run(5 * time.Minute)
		changes := l.server.Changes()
		last, before := changes[len(changes)-1], changes[len(changes)-2]
		if last.Text != before.Text || last.At.Sub(before.At) < confirmDelay {
			t.Errorf("the last updates are %q and, %s later, %q", before.Text, last.At.Sub(before.At), last.Text)
		}
	})
}

// TestWebhookInAStorm: a webhook cannot change a message, so there is a new one now and then.
func TestWebhookInAStorm(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		l.options.Token, l.options.Channel, l.options.WebhookURL = "", "", l.server.WebhookURL
		go func() {
			for i := range 1200 {
				l.end(l.begin(fmt.Sprint("web", i)))
				time.Sleep(100 * time.Millisecond)
			}
		}()
		l.run(10 * time.Minute)
		posts := l.posts()
		alone := 0
		for _, text := range posts {
			if strings.HasSuffix(text, " ACTIVE") {
				alone++
			}
		}
		last := fmt.Sprintf("Alert storm, over: %d started, 0 active, %[1]d ended", 1200-alone)
		l.expect("the last", posts[len(posts)-1], last)
		if len(posts) > 12+2*DefaultStormThreshold {
			t.Errorf("%d messages: %q", len(posts), posts)
		}
	})
}

// TestDigestRemembersOnlySoMuch, and its numbers are right all the same.
func TestDigestRemembersOnlySoMuch(t *testing.T) {
	d := newDigest(&window.Transition{ID: "x"}, false, time.Unix(0, 0))
	var all []window.Transition
	for i := range mostOpen + 500 {
		t := window.Transition{Rule: fmt.Sprint("rule", i%(2*mostTalked)), Grouped: true, Key: fmt.Sprint(i), Episode: fmt.Sprint(i), Start: int64(i), State: window.Active}
		all = append(all, t)
		d.fold(&t)
	}
	if len(d.Open) != mostOpen || len(d.Rules) != mostTalked || len(d.Keys) != mostTalked || d.active() != uint64(len(all)) {
		t.Errorf("it holds %d, %d, %d, and %d are active", len(d.Open), len(d.Rules), len(d.Keys), d.active())
	}
	for i := range all {
		all[i].State = window.Inactive
		d.fold(&all[i])
	}
	if d.active() != 0 || d.Started != d.Ended || d.Strays != 0 {
		t.Errorf("at the end %d are active, %d ended, %d strays", d.active(), d.Ended, d.Strays)
	}
}

// TestLongNamesAreCut: neither a message nor the state grows with them.
func TestLongNamesAreCut(t *testing.T) {
	inLab(t, func(t *testing.T, l *lab) {
		for i := range 30 {
			l.begin(strings.Repeat("<", 30_000) + fmt.Sprint(i))
		}
		l.run(5 * time.Minute)
		if got := l.server.Shown()[0].Text; got != "Alert storm, over: 30 started, 30 active, 0 ended" {
			t.Errorf("got %q", got)
		}
		if size := len(mustState(&l.cursors)); size > 10_000 {
			t.Errorf("the state has %d bytes", size)
		}
	})
}
