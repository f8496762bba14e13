package kafka

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const secret = "s3cret-of-this-test"

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestBrokerDownAtStart(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := "127.0.0.1:" + strconv.Itoa(port)
	var log logged
	journal := newStore()
	options := testOptions([]string{address})
	options.Logger = zerolog.New(&log)
	source, _ := start(t, journal, options)
	await(t, "several failures", func() bool { return source.Stats().Errors >= 3 })
	stats := source.Stats()
	if stats.Connected || !strings.Contains(stats.LastError, ErrUnreachable.Error()) || !strings.Contains(stats.LastError, address) {
		t.Errorf("stats: %+v", stats)
	}
	if lines := strings.Count(log.String(), "no connection to a Kafka broker"); lines != 1 {
		t.Errorf("%d failures made %d log lines, want 1", stats.Errors, lines)
	}
	cluster := newCluster(t, kfake.Ports(port), kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 5)...)
	journal.expect(t, numbered("e", 1, 5))
	if !source.Stats().Connected {
		t.Errorf("stats: %+v", source.Stats())
	}
}

func TestBrokerGoesAway(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, "e")
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.CommitInterval = time.Hour
	options.ShutdownTimeout = 200 * time.Millisecond
	source, stop := start(t, journal, options)
	journal.expect(t, []string{"e"})
	cluster.Close()
	await(t, "the loss to be seen", func() bool { return !source.Stats().Connected })
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Run took %s to end without a broker", took)
	}
}

func TestUnknownTopicIsWaitedFor(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t)
	journal := newStore()
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	await(t, "the topic to be missed", func() bool { return len(source.Stats().Waiting) == 1 })
	stats := source.Stats()
	if stats.Waiting[0] != testTopic || !strings.Contains(stats.LastError, ErrUnknownTopic.Error()) || !stats.Connected {
		t.Errorf("stats: %+v", stats)
	}
	if _, err := newAdmin(t, cluster.ListenAddrs()).CreateTopic(context.Background(), 1, 1, nil, testTopic); err != nil {
		t.Fatal(err)
	}
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 1, 5)...)
	journal.expect(t, numbered("e", 1, 5))
	await(t, "the topic to be seen", func() bool { return len(source.Stats().Waiting) == 0 })
}

func newSecureCluster(t *testing.T, mechanism string) *kfake.Cluster {
	t.Helper()
	return newCluster(t, kfake.SeedTopics(1, testTopic), kfake.EnableSASL(), kfake.Superuser(mechanism, "logboom", secret))
}

func TestLogin(t *testing.T) {
	for _, mechanism := range []string{Plain, ScramSHA256, ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			cluster := newSecureCluster(t, mechanism)
			login := SASL{Mechanism: mechanism, Username: "logboom", Password: secret}
			newProducer(t, cluster.ListenAddrs(), kgo.SASL(login.mechanism())).send(testTopic, 0, "e")
			journal := newStore()
			options := testOptions(cluster.ListenAddrs())
			options.SASL = login
			source, _ := start(t, journal, options)
			journal.expect(t, []string{"e"})
			if err := source.Check(context.Background()); err != nil {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{Plain, ScramSHA256, ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			cluster := newSecureCluster(t, mechanism)
			var log logged
			options := testOptions(cluster.ListenAddrs())
			options.Logger = zerolog.New(&log).Level(zerolog.TraceLevel)
			const wrong = "wr0ng-of-this-test"
			options.SASL = SASL{Mechanism: mechanism, Username: "logboom", Password: wrong}
			source, stop := start(t, newStore(), options)
			await(t, "the refusal", func() bool { return source.Stats().Errors > 0 })
			stop()
			stats := source.Stats()
			if stats.Connected || !strings.Contains(stats.LastError, ErrAuthentication.Error()) {
				t.Errorf("stats: %+v", stats)
			}
			err := source.Check(context.Background())
			if !errors.Is(err, ErrAuthentication) {
				t.Errorf("Check: %v", err)
			}
			for _, text := range []string{log.String(), stats.LastError, err.Error()} {
				if strings.Contains(text, wrong) {
					t.Errorf("the password is in %q", text)
				}
			}
			if !strings.Contains(log.String(), ErrAuthentication.Error()) {
				t.Error("the refusal was not logged")
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	secure := newSecureCluster(t, ScramSHA256)
	for name, test := range map[string]struct {
		change func(*Options)
		want   error
	}{
		"all is well":       {func(*Options) {}, nil},
		"a topic is absent": {func(o *Options) { o.Topics = []string{testTopic, "absent"} }, ErrUnknownTopic},
		"nobody answers":    {func(o *Options) { o.Brokers = []string{"127.0.0.1:" + strconv.Itoa(freePort(t))} }, ErrUnreachable},
		"no login given":    {func(o *Options) { o.Brokers = secure.ListenAddrs() }, ErrUnreachable},
		"another mechanism": {func(o *Options) {
			o.Brokers = secure.ListenAddrs()
			o.SASL = SASL{ScramSHA512, "logboom", secret}
		}, ErrAuthentication},
	} {
		t.Run(name, func(t *testing.T) {
			options := testOptions(cluster.ListenAddrs())
			test.change(&options)
			source, err := New(newStore().handle, newStore().position, options)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := source.Check(ctx); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestNotAuthorized(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser(ScramSHA256, "admin", "admin"), kfake.User(ScramSHA256, "logboom", secret))
	options := testOptions(cluster.ListenAddrs())
	options.SASL = SASL{ScramSHA256, "logboom", secret}
	source, _ := start(t, newStore(), options)
	if err := source.Check(context.Background()); !errors.Is(err, ErrAuthorization) {
		t.Errorf("Check: %v", err)
	}
	await(t, "the refusal to be noted", func() bool {
		return strings.Contains(source.Stats().LastError, ErrAuthorization.Error())
	})
}
