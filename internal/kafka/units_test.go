package kafka

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func record(number int32, offset int64, value string) *kgo.Record {
	return &kgo.Record{Topic: testTopic, Partition: number, Offset: offset, LeaderEpoch: 3, Value: []byte(value)}
}

func TestSplit(t *testing.T) {
	records := []*kgo.Record{
		record(0, 1, "aaaa"), record(0, 2, "bbbb"), record(1, 7, "cccc"), record(1, 8, strings.Repeat("d", 30)), record(0, 3, ""),
	}
	received := time.Unix(5, 0)
	parts := split(records, 10, received)
	var got []string
	for _, part := range parts {
		got = append(got, fmt.Sprintf("%.4q %v", part.batch.Events, part.batch.Positions))
		if !part.batch.Received.Equal(received) {
			t.Errorf("received %v", part.batch.Received)
		}
	}
	want := []string{
		`["aaaa" "bbbb"] [{logs 0 2 3}]`, `["cccc"] [{logs 1 7 3}]`, `["dddd"] [{logs 1 8 3}]`, `[""] [{logs 0 3 3}]`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if split(nil, 10, received) != nil {
		t.Error("no records made a batch")
	}
}

func TestClassify(t *testing.T) {
	for name, test := range map[string]struct{ err, want error }{
		"login":         {kerr.SaslAuthenticationFailed, ErrAuthentication},
		"mechanism":     {fmt.Errorf("dial: %w", kerr.UnsupportedSaslMechanism), ErrAuthentication},
		"topic":         {kerr.TopicAuthorizationFailed, ErrAuthorization},
		"group":         {kerr.GroupAuthorizationFailed, ErrAuthorization},
		"absent":        {kerr.UnknownTopicOrPartition, ErrUnknownTopic},
		"certificate":   {x509.UnknownAuthorityError{}, ErrTLS},
		"closed":        {io.EOF, ErrUnreachable},
		"too late":      {context.DeadlineExceeded, ErrUnreachable},
		"already known": {fmt.Errorf("%w: logs", ErrUnknownTopic), ErrUnknownTopic},
	} {
		got := classify(test.err)
		if !errors.Is(got, test.want) || !errors.Is(got, test.err) {
			t.Errorf("%s: got %v", name, got)
		}
		if again := classify(got); again.Error() != got.Error() {
			t.Errorf("%s: classified twice: %v", name, again)
		}
	}
	for _, err := range []error{nil, context.Canceled, errors.New("odd")} {
		if got := classify(err); !errors.Is(got, err) || kindOf(err) != nil {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestLimiter(t *testing.T) {
	var limit limiter
	now := time.Unix(0, 0)
	allow := func(key string, at time.Duration, want bool, wantSuppressed int) {
		t.Helper()
		if suppressed, ok := limit.allow(key, now.Add(at)); ok != want || suppressed != wantSuppressed {
			t.Errorf("%s at %s: %d, %v", key, at, suppressed, ok)
		}
	}
	allow("a", 0, true, 0)
	allow("a", time.Second, false, 0)
	allow("b", time.Second, true, 0)
	allow("a", quiet-1, false, 0)
	allow("a", quiet, true, 2)
	allow("a", 3*quiet, true, 0)
	for i := range 2 * maxLines {
		limit.allow(fmt.Sprint("line ", i), now)
	}
	if len(limit.lines) > maxLines+1 {
		t.Errorf("%d lines are remembered", len(limit.lines))
	}
}

func TestClientLog(t *testing.T) {
	var log logged
	client := &clientLog{zerolog.New(&log).Level(zerolog.DebugLevel), new(limiter)}
	if client.Level() != kgo.LogLevelInfo {
		t.Errorf("level %v", client.Level())
	}
	for range 5 {
		client.Log(kgo.LogLevelError, "broken", "err", io.EOF, "count", 3, "odd")
		client.Log(kgo.LogLevelInfo, "joined", "group", "0")
		client.Log(kgo.LogLevelDebug, "heartbeat")
	}
	text := log.String()
	if strings.Count(text, `{"level":"warn","err":"EOF","count":"3","message":"broken"}`) != 1 {
		t.Errorf("log: %s", text)
	}
	if strings.Count(text, `{"level":"debug","group":"0","message":"joined"}`) != 5 || strings.Contains(text, "heartbeat") {
		t.Errorf("log: %s", text)
	}
	for level, want := range map[zerolog.Level]kgo.LogLevel{
		zerolog.TraceLevel: kgo.LogLevelDebug, zerolog.InfoLevel: kgo.LogLevelWarn,
		zerolog.WarnLevel: kgo.LogLevelWarn, zerolog.ErrorLevel: kgo.LogLevelNone, zerolog.Disabled: kgo.LogLevelNone,
	} {
		client.logger = client.logger.Level(level)
		if got := client.Level(); got != want {
			t.Errorf("%v: %v, want %v", level, got, want)
		}
	}
}

func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := turn{grace: time.Second}
		turn.want() // outside of a turn: forgotten
		turn.begin()
		ctx, release := turn.context(t.Context())
		time.Sleep(time.Hour)
		if ctx.Err() != nil {
			t.Error("the context ended without a wish")
		}
		turn.want()
		turn.want()
		<-turn.wanted()
		time.Sleep(time.Second - time.Nanosecond)
		synctest.Wait()
		if ctx.Err() != nil {
			t.Error("the context ended within the grace")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), errRebalance) {
			t.Errorf("after the grace the cause is %v", context.Cause(ctx))
		}
		release()
		turn.end()
	})
}

func TestTurnForgetsItsWish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := turn{grace: time.Second}
		turn.begin()
		turn.want()
		turn.end()
		turn.begin()
		ctx, release := turn.context(t.Context())
		defer release()
		time.Sleep(time.Hour)
		synctest.Wait()
		if ctx.Err() != nil {
			t.Error("the wish of one turn ended the context of the next")
		}
	})
}

func TestPartsAfterTheGraceGetNoMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := turn{grace: time.Second}
		turn.begin()
		turn.want()
		time.Sleep(time.Minute)
		ctx, release := turn.context(t.Context())
		defer release()
		if ctx.Err() == nil {
			t.Error("a batch begun after the grace was given time")
		}
	})
}

func TestRenewals(t *testing.T) {
	var known renewals
	of := partition{testTopic, 0}
	details := func(id byte) kadm.TopicDetails {
		return kadm.TopicDetails{testTopic: {ID: kadm.TopicID{id}, Partitions: kadm.PartitionDetails{0: {}}}}
	}
	known.learn(details(1))
	known.learn(details(1))
	if known.has(of) {
		t.Error("the first id, or the same again, was taken for a topic made anew")
	}
	known.learn(details(0)) // an old broker knows no ids
	known.learn(details(2))
	if !known.has(of) {
		t.Error("a changed id was not noticed")
	}
	known.learn(details(2))
	if !known.has(of) {
		t.Error("forgotten before the handler took anything")
	}
	known.settle(of)
	if known.has(of) {
		t.Error("not settled")
	}
	var fresh renewals
	fresh.expect(testTopic)
	fresh.learn(details(1))
	if !fresh.has(of) {
		t.Error("an expected change was not noticed")
	}
}
