package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
)

// renewals are the partitions whose stored positions, the group's and the journal's, no longer speak of the log that
// the broker has now. It is safe for concurrent use.
type renewals struct {
	mu         sync.Mutex
	topics     map[string]kadm.TopicID
	partitions map[partition]bool
}

// add notes that the log of a partition is not the one that the stored positions are about.
func (r *renewals) add(of partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.partitions == nil {
		r.partitions = make(map[partition]bool)
	}
	r.partitions[of] = true
}

// has tells whether the stored positions of a partition must be ignored.
func (r *renewals) has(of partition) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.partitions[of]
}

// settle notes that the handler took records of the new log, so that the journal's position is about it from now on.
func (r *renewals) settle(of partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.partitions, of)
}

// expect makes the next learn take the topic's id for a new one where none was seen before.
func (r *renewals) expect(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.topics == nil {
		r.topics = make(map[string]kadm.TopicID)
	}
	if _, known := r.topics[topic]; !known {
		r.topics[topic] = kadm.TopicID{}
	}
}

// learn compares the ids of topics with those seen before. A topic made anew under the old name has another id, and
// positions in the old one mean nothing in it.
func (r *renewals) learn(topics kadm.TopicDetails) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.topics == nil {
		r.topics = make(map[string]kadm.TopicID)
	}
	if r.partitions == nil {
		r.partitions = make(map[partition]bool)
	}
	for name, topic := range topics {
		if topic.Err != nil || topic.ID == (kadm.TopicID{}) {
			continue
		}
		before, seen := r.topics[name]
		r.topics[name] = topic.ID
		if !seen || before == topic.ID {
			continue
		}
		for number := range topic.Partitions {
			r.partitions[partition{name, number}] = true
		}
	}
}
