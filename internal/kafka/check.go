package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Check tells whether the source could do its work now: a broker answers, the login is accepted, every topic exists,
// and the group may be joined. It uses connections of its own, changes nothing, and joins nothing. What it returns
// wraps one of the sentinels of this package where the kind of trouble is known. Give it a ctx with a deadline.
func (s *Source) Check(ctx context.Context) error {
	var reason connectReason
	options := append(s.options.cluster().ClientOptions(nil, &reason), kgo.RequestRetries(checkRetries))
	client, err := kgo.NewClient(options...)
	if err != nil {
		return fmt.Errorf("check Kafka: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	missing, err := missingTopics(ctx, admin, s.options.Topics)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%w: %s", ErrUnknownTopic, strings.Join(missing, ", "))
	}
	if err == nil {
		err = mayJoin(ctx, admin, s.options.Group)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("check Kafka: %w", s.options.cluster().Classify(reason.prefer(err)))
}

// checkRetries is enough for a coordinator that is just being found, and little enough to tell soon.
const checkRetries = 3

// connectReason keeps why the latest connection failed: the error of a request often says only that it did.
type connectReason struct {
	mu  sync.Mutex
	err error
}

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (r *connectReason) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// prefer returns the reason, if there is one and err is of no known kind but that nobody answered.
func (r *connectReason) prefer(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := kindOf(err)
	if r.err != nil && (kind == nil || errors.Is(kind, ErrUnreachable)) {
		return r.err
	}
	return err
}

// missingTopics returns those topics that do not exist, sorted, and an error for one that may not be seen.
func missingTopics(ctx context.Context, admin *kadm.Client, topics []string) ([]string, error) {
	details, err := admin.ListTopics(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	var missing []string
	for _, topic := range topics {
		detail, listed := details[topic]
		switch {
		case !listed || errors.Is(detail.Err, kerr.UnknownTopicOrPartition):
			missing = append(missing, topic)
		case detail.Err != nil:
			return nil, fmt.Errorf("list topic %s: %w", topic, detail.Err)
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// mayJoin asks for a description of the group, which needs less than joining it but fails for the same reasons.
func mayJoin(ctx context.Context, admin *kadm.Client, group string) error {
	groups, err := admin.DescribeGroups(ctx, group)
	if err != nil {
		return fmt.Errorf("describe group %s: %w", group, err)
	}
	err = groups[group].Err
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return fmt.Errorf("describe group %s: %w", group, err)
	}
	return nil
}

const (
	// watchMissing and watchPresent are how often topics are looked for: until they exist, and afterwards.
	watchMissing = 2 * time.Second
	watchPresent = 30 * time.Second
)

// watch notes which topics do not exist, until ctx ends. franz-go finds by itself those that are created.
func (c *consumer) watch(ctx context.Context) {
	for {
		every := watchPresent
		if missing, err := c.look(ctx); err != nil || len(missing) > 0 {
			every = watchMissing
		}
		if !pause(ctx, nil, every) {
			return
		}
	}
}

// look looks for the topics once and notes what it finds.
func (c *consumer) look(ctx context.Context) ([]string, error) {
	s := c.source
	limited, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	missing, err := missingTopics(limited, c.admin, s.options.Topics)
	switch {
	case ctx.Err() != nil || errors.Is(kindOf(err), ErrUnreachable):
		// Why nobody is reached is noted where the connections fail.
	case err != nil:
		err = s.meters.failed(err)
		s.warn("look", err, "the Kafka topics could not be looked up; trying on")
	case len(missing) > 0:
		absent := s.meters.failed(fmt.Errorf("%w: %s", ErrUnknownTopic, strings.Join(missing, ", ")))
		s.warn("missing", absent, "waiting for a Kafka topic to be created")
	}
	if err == nil {
		s.meters.wait(missing)
	}
	return missing, err
}
