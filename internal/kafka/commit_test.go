package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// answer is a coordinator's answer for partitions of the test's topic.
func answer(codes map[int32]int16) *kmsg.OffsetCommitResponse {
	topic := kmsg.NewOffsetCommitResponseTopic()
	topic.Topic = testTopic
	for number, code := range codes {
		of := kmsg.NewOffsetCommitResponseTopicPartition()
		of.Partition, of.ErrorCode = number, code
		topic.Partitions = append(topic.Partitions, of)
	}
	return &kmsg.OffsetCommitResponse{Topics: []kmsg.OffsetCommitResponseTopic{topic}}
}

func TestWhatACommitLeavesPending(t *testing.T) {
	source := new(Source)
	pending := newOffsets(source)
	pending.mark([]Position{{testTopic, 0, 9, 1}, {testTopic, 1, 19, 1}, {testTopic, 2, 29, 1}})
	sent := pending.snapshot()
	pending.mark([]Position{{testTopic, 1, 24, 1}})
	pending.committed(sent, answer(map[int32]int16{0: 0, 1: 0, 2: kerr.RebalanceInProgress.Code}), nil)
	left := pending.snapshot()[testTopic]
	want := map[int32]kgo.EpochOffset{1: {Epoch: 1, Offset: 25}, 2: {Epoch: 1, Offset: 30}}
	if len(left) != len(want) || left[1] != want[1] || left[2] != want[2] {
		t.Errorf("left %v, want %v", left, want)
	}
	pending.committed(sent, nil, kerr.CoordinatorNotAvailable)
	if stats := source.Stats(); stats.Commits != 1 || stats.CommitErrors != 2 {
		t.Errorf("stats: %+v", stats)
	}
	pending.drop(map[string][]int32{testTopic: {1, 2}})
	if left := pending.snapshot(); len(left) != 0 {
		t.Errorf("after a drop %v is left", left)
	}
}

// A position may go back, after a topic was made anew.
func TestALowerPositionReplacesAHigher(t *testing.T) {
	pending := newOffsets(new(Source))
	pending.mark([]Position{{testTopic, 0, 50, 7}})
	pending.mark([]Position{{testTopic, 0, 3, 0}})
	if got := pending.snapshot()[testTopic][0]; got != (kgo.EpochOffset{Epoch: 0, Offset: 4}) {
		t.Errorf("got %v", got)
	}
}
