package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// expectOnce checks that each of the wanted events was taken, and taken once.
func (s *store) expectOnce(t *testing.T, want []string) {
	t.Helper()
	await(t, fmt.Sprintf("%d events", len(want)), func() bool { return len(s.all()) >= len(want) })
	got := s.all()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d events were taken, %d of them different; want each of %d once", len(got), len(slices.Compact(got)), len(want))
	}
}

func TestTwoMembersShareThePartitions(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(4, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	journal := newStore()
	first, stopFirst := start(t, journal, testOptions(cluster.ListenAddrs()))
	var want []string
	send := func(round int) {
		for number := range int32(4) {
			values := numbered(fmt.Sprintf("r%d-p%d-", round, number), 1, 50)
			producer.send(testTopic, number, values...)
			want = append(want, values...)
		}
	}
	send(1)
	await(t, "the first to have all", func() bool { return len(first.Stats().Assigned) == 4 })
	second, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	send(2)
	await(t, "two each", func() bool { return len(first.Stats().Assigned) == 2 && len(second.Stats().Assigned) == 2 })
	send(3)
	journal.expectOnce(t, want)
	stopFirst()
	await(t, "the second to have all", func() bool { return len(second.Stats().Assigned) == 4 })
	send(4)
	journal.expectOnce(t, want)
	if lost := first.Stats().Lost + second.Stats().Lost; lost != 0 {
		t.Errorf("membership was lost %d times", lost)
	}
}

// A handler that blocks for several session timeouts is no reason to be thrown out of the group.
func TestLongBackpressureKeepsTheMembership(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(2, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	producer.send(testTopic, 0, numbered("e", 1, 10)...)
	journal := newStore()
	blocked := make(chan struct{})
	journal.before = func(ctx context.Context, call int, _ *Batch) error {
		if call > 1 {
			return nil
		}
		close(blocked)
		return waitFor(ctx, 3*time.Second)
	}
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	<-blocked
	producer.send(testTopic, 1, numbered("f", 1, 10)...)
	journal.expectOnce(t, append(numbered("e", 1, 10), numbered("f", 1, 10)...))
	admin := newAdmin(t, cluster.ListenAddrs())
	await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, 0) == 10 })
	stats := source.Stats()
	if stats.Rebalances != 1 || stats.Lost != 0 || stats.Refused != 0 || stats.CommitErrors != 0 {
		t.Errorf("stats: %+v", stats)
	}
}

// waitFor blocks as a full journal does: until there is room, or ctx ends.
func waitFor(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(duration):
		return nil
	}
}

// While the first member's handler is blocked for good, a second one joins. The first gives its batch back within the
// grace, keeps its membership, and what it gave back is handled in the end, once.
func TestRebalanceWhileTheHandlerIsBlocked(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(2, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	want := append(numbered("a", 1, 30), numbered("b", 1, 30)...)
	producer.send(testTopic, 0, want[:30]...)
	producer.send(testTopic, 1, want[30:]...)
	journal := newStore()
	release := make(chan struct{})
	var cause error
	entered := make(chan struct{}, 100)
	journal.before = func(ctx context.Context, _ int, _ *Batch) error {
		entered <- struct{}{}
		select {
		case <-ctx.Done():
			cause = context.Cause(ctx)
			return cause
		case <-release:
			return nil
		}
	}
	options := testOptions(cluster.ListenAddrs())
	options.MaxBatch = 10
	first, _ := start(t, journal, options)
	<-entered
	second, _ := start(t, journal, options)
	await(t, "one each", func() bool { return len(first.Stats().Assigned) == 1 && len(second.Stats().Assigned) == 1 })
	<-entered
	close(release)
	journal.expectOnce(t, want)
	for _, prefix := range []string{"a", "b"} {
		if got := journal.with(prefix); !slices.Equal(got, numbered(prefix, 1, 30)) {
			t.Errorf("not in order: %q", got)
		}
	}
	if stats := first.Stats(); stats.Lost != 0 || stats.GivenBack == 0 {
		t.Errorf("stats: %+v", stats)
	}
	if !errors.Is(cause, errRebalance) {
		t.Errorf("the handler's context ended because of %v", cause)
	}
}

// A handler that heeds no context keeps the group waiting until the coordinator throws the member out. What it takes
// in the end is in the journal, though the group never hears of it: it must be skipped, not read again.
func TestFencedWhileTheHandlerIsBlocked(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	producer.send(testTopic, 0, numbered("e", 1, 10)...)
	journal := newStore()
	release := make(chan struct{})
	entered := make(chan struct{})
	journal.before = func(_ context.Context, call int, _ *Batch) error {
		if call == 1 {
			close(entered)
			<-release
		}
		return nil
	}
	options := testOptions(cluster.ListenAddrs())
	options.RebalanceTimeout = time.Second
	first, _ := start(t, journal, options)
	<-entered
	other := newStore()
	other.before = func(context.Context, int, *Batch) error { return errors.New("takes nothing") }
	second, stopSecond := start(t, other, options)
	await(t, "the partition to move", func() bool { return len(second.Stats().Assigned) == 1 && second.Stats().Refused > 0 })
	close(release)
	await(t, "the first to notice", func() bool { return first.Stats().CommitErrors > 0 })
	stopSecond()
	producer.send(testTopic, 0, numbered("e", 11, 20)...)
	journal.expectOnce(t, numbered("e", 1, 20))
	if stats := first.Stats(); stats.Skipped != 10 || stats.Records != 20 {
		t.Errorf("stats: %+v", stats)
	}
}

// Without a revocation behind it, a wish to rebalance that comes too late makes the batch be read again from the broker.
func TestGiveBackWithoutARevocation(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 50)...)
	journal := newStore()
	journal.before = func(_ context.Context, call int, _ *Batch) error {
		if call != 2 {
			return nil
		}
		return errors.New("not now")
	}
	options := testOptions(cluster.ListenAddrs())
	options.MaxBatch = 20
	// Both are longer than the test: only the wish itself can end the waiting.
	options.MinBackoff, options.MaxBackoff, options.RebalanceTimeout = time.Hour, time.Hour, time.Hour
	source, c := startSession(t, journal, options)
	await(t, "the refusal", func() bool { return source.Stats().Refused == 1 })
	c.turn.want()
	journal.expect(t, numbered("e", 1, 50))
	if stats := source.Stats(); stats.GivenBack != 1 || stats.Rebalances != 1 {
		t.Errorf("stats: %+v", stats)
	}
}

// startSession is start for a test that reaches into the session.
func startSession(t *testing.T, handler *store, options Options) (*Source, *consumer) {
	t.Helper()
	source, err := New(handler.handle, handler.position, options)
	if err != nil {
		t.Fatal(err)
	}
	c := source.newConsumer()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- source.runSession(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	await(t, "the assignment", func() bool { return len(source.Stats().Assigned) > 0 })
	return source, c
}

// After a topic was made anew, the journal's old position is ignored until the handler has taken something of the new
// topic, however often the group rebalances before; and it is heeded again afterwards.
func TestRebalancesAroundATopicMadeAnew(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	producer.send(testTopic, 0, numbered("e", 1, 10)...)
	journal := newStore()
	journal.positions[partition{testTopic, 0}] = 50
	release := make(chan struct{})
	journal.before = func(context.Context, int, *Batch) error {
		select {
		case <-release:
			return nil
		default:
			return errors.New("not yet")
		}
	}
	source, c := startSession(t, journal, testOptions(cluster.ListenAddrs()))
	await(t, "a refusal", func() bool { return source.Stats().Refused > 0 })
	// Now the old position is a valid one in the new log.
	producer.send(testTopic, 0, numbered("e", 11, 100)...)
	rebalance := func() {
		before := source.Stats().Rebalances
		c.client.ForceRebalance()
		await(t, "the rebalance", func() bool { return source.Stats().Rebalances > before })
	}
	rebalance()
	close(release)
	journal.expect(t, numbered("e", 1, 100))
	rebalance()
	producer.send(testTopic, 0, numbered("e", 101, 110)...)
	journal.expect(t, numbered("e", 1, 110))
}
