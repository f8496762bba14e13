package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/logboom/logboom/outputs"
)

// mostTopics is how many topics are remembered. When there are more, all are forgotten, and the client is made anew,
// which is the only way to have it forget them: names come from events, and so are without a bound.
const mostTopics = 5000

// topic is what is known of a topic.
type topic struct {
	name string
	// seen is the client that has seen that the topic is there.
	seen *kgo.Client
	// written is the client that has had an outcome for one of its records, and so knows its partitions.
	written *kgo.Client
	// limit is how many bytes of records may be sent at once, as the broker's refusals taught.
	limit int
	// taken is how many of them the present job has.
	taken int
}

// topics are the topics that events named, by name.
type topics struct {
	byName map[string]*topic
	last   *topic
}

func (t *topics) tooMany() bool { return len(t.byName) > mostTopics }

func (t *topics) forget() { t.byName, t.last = nil, nil }

// find returns the topic of a name, or why there can be none.
func (t *topics) find(name []byte) (*topic, string) {
	if t.last != nil && t.last.name == string(name) {
		return t.last, ""
	}
	found := t.byName[string(name)]
	if found == nil {
		if reason := misnamed(name); reason != "" {
			return nil, reason
		}
		if t.byName == nil {
			t.byName = make(map[string]*topic)
		}
		found = &topic{name: string(name), limit: math.MaxInt}
		t.byName[found.name] = found
	}
	t.last = found
	return found, ""
}

// resolve finds the topics of what is in the queue, and asks for those that the client has not seen, so that no record
// waits in it for a topic that is not there. An error stands for all that is in the queue.
func (o *Output) resolve(ctx context.Context) error {
	w := &o.present
	var unseen []*topic
	left := w.queue[:0]
	for _, i := range w.queue {
		text := w.batch.Events[i].Texts[textTopic]
		found, reason := o.topics.find(text)
		if reason != "" {
			w.outcomes[i] = &outputs.Permanent{Err: fmt.Errorf("topic %q %s", bytes.ToValidUTF8(shortened(text), nil), reason)}
			continue
		}
		if found.seen != o.client {
			found.seen = o.client // asked for once; what is not there is unseen again below
			unseen = append(unseen, found)
		}
		w.topics[i] = found
		left = append(left, i)
	}
	w.queue = left
	if len(unseen) == 0 {
		return nil
	}
	wrong, err := o.ask(ctx, unseen)
	if err != nil {
		for _, topic := range unseen {
			topic.seen = nil
		}
		return err
	}
	o.leaveOut(wrong)
	return nil
}

func shortened(text []byte) []byte { return text[:min(len(text), longestTopic)] }

// leaveOut takes events out of the queue whose topics cannot be written to.
func (o *Output) leaveOut(wrong map[*topic]error) {
	if len(wrong) == 0 {
		return
	}
	w := &o.present
	left := w.queue[:0]
	for _, i := range w.queue {
		if outcome := wrong[w.topics[i]]; outcome != nil {
			w.outcomes[i] = outcome
			continue
		}
		left = append(left, i)
	}
	w.queue = left
	for topic := range wrong {
		topic.seen = nil
	}
}

// How long a topic is waited for that the broker may just be creating, and how often it is asked for.
const (
	creation      = 3 * time.Second
	creationPause = 100 * time.Millisecond
)

// ask asks the cluster for topics, which makes it create them where it does that, and returns the outcomes of the events
// for those that cannot be written to. An error stands for all.
func (o *Output) ask(ctx context.Context, unseen []*topic) (map[*topic]error, error) {
	o.trouble.forget()
	waiting, enough := o.patience(ctx)
	defer enough()
	for deadline := time.Now().Add(creation); ; {
		problems, err := describe(waiting, o.client, unseen)
		if err != nil {
			return nil, o.unanswered(ctx, waiting, err)
		}
		creating := false
		wrong := make(map[*topic]error, len(problems))
		for topic, problem := range problems {
			creating = creating || errors.Is(problem, kerr.UnknownTopicOrPartition)
			wrong[topic] = o.outcome(topic.name, problem)
		}
		if !creating || time.Now().After(deadline) {
			return wrong, nil
		}
		select {
		case <-time.After(creationPause):
		case <-waiting.Done():
			return nil, o.unanswered(ctx, waiting, waiting.Err())
		}
	}
}

// unanswered returns the outcome of a question that got no answer.
func (o *Output) unanswered(ctx, waiting context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if waiting.Err() != nil {
		err = context.Cause(waiting)
	}
	outcome := o.outcome("", o.trouble.instead(err))
	if isBlocked(outcome) {
		o.drop(err) // else it would try to log in again and again
	}
	return outcome
}

// describe asks for topics and returns what is wrong with some of them. A topic that has no leader yet is there.
func describe(ctx context.Context, client *kgo.Client, topics []*topic) (map[*topic]error, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.AllowAutoTopicCreation = true
	byName := make(map[string]*topic, len(topics))
	for _, topic := range topics {
		wanted := kmsg.NewMetadataRequestTopic()
		wanted.Topic = kmsg.StringPtr(topic.name)
		request.Topics = append(request.Topics, wanted)
		byName[topic.name] = topic
	}
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("ask for topics: %w", err)
	}
	problems := make(map[*topic]error)
	for _, told := range answer.Topics {
		err := kerr.ErrorForCode(told.ErrorCode)
		if told.Topic == nil || err == nil || errors.Is(err, kerr.LeaderNotAvailable) {
			continue
		}
		if topic := byName[*told.Topic]; topic != nil {
			problems[topic] = err
		}
	}
	return problems, nil
}
