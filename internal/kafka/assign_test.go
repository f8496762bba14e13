package kafka

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// failCommits makes the next commits of offsets fail for their partitions; it returns a count of those that did.
func failCommits(cluster *kfake.Cluster, times int) func() int {
	count := make(chan int, 1)
	count <- 0
	cluster.ControlKey(int16(kmsg.OffsetCommit), func(request kmsg.Request) (kmsg.Response, error, bool) {
		failed := <-count
		defer func() { count <- failed }()
		if failed == times {
			cluster.DropControl()
			return nil, nil, false
		}
		failed++
		cluster.KeepControl()
		return refuseCommit(request.(*kmsg.OffsetCommitRequest)), nil, true
	})
	return func() int {
		failed := <-count
		count <- failed
		return failed
	}
}

func refuseCommit(request *kmsg.OffsetCommitRequest) kmsg.Response {
	response := request.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, topic := range request.Topics {
		answer := kmsg.NewOffsetCommitResponseTopic()
		answer.Topic, answer.TopicID = topic.Topic, topic.TopicID
		for _, of := range topic.Partitions {
			partition := kmsg.NewOffsetCommitResponseTopicPartition()
			partition.Partition, partition.ErrorCode = of.Partition, kerr.OffsetMetadataTooLarge.Code
			answer.Partitions = append(answer.Partitions, partition)
		}
		response.Topics = append(response.Topics, answer)
	}
	return response
}

// commitGroup sets the group's offset from outside, as an earlier run left it.
func commitGroup(t *testing.T, admin *kadm.Client, offset int64) {
	t.Helper()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(testTopic, 0, offset, -1)
	if err := admin.CommitAllOffsets(context.Background(), testGroup, offsets); err != nil {
		t.Fatal(err)
	}
}

func TestWhereAPartitionBegins(t *testing.T) {
	const none = -1
	for name, test := range map[string]struct {
		group, journal, deleted    int64
		start                      Start
		first                      int64
		skipped, missing, anewTime uint64
	}{
		"nothing known: earliest":                {group: none, journal: none, first: 0},
		"the group alone":                        {group: 7, journal: none, first: 7},
		"the journal alone":                      {group: none, journal: 6, first: 7, skipped: 7},
		"journal ahead of the group":             {group: 3, journal: 6, first: 7, skipped: 4},
		"group ahead of the journal":             {group: 8, journal: 2, first: 8},
		"both the same":                          {group: 5, journal: 4, first: 5},
		"the start was deleted":                  {group: 3, journal: none, deleted: 8, first: 8, missing: 5},
		"the start was deleted, journal ahead":   {group: 3, journal: 5, deleted: 8, first: 8, missing: 2},
		"the start was deleted, already read":    {group: 9, journal: none, deleted: 8, first: 9},
		"journal behind the end: topic anew":     {group: none, journal: 50, first: 0, anewTime: 1},
		"group behind the end: records are lost": {group: 50, journal: none, first: 0, anewTime: 1},
		"latest, but a position is known":        {group: none, journal: 4, start: Latest, first: 5},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
			admin := newAdmin(t, cluster.ListenAddrs())
			newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 0, 9)...)
			journal := newStore()
			if test.group != none {
				commitGroup(t, admin, test.group)
			}
			if test.journal != none {
				journal.positions[partition{testTopic, 0}] = test.journal
			}
			deleteBefore(t, admin, test.deleted)
			options := testOptions(cluster.ListenAddrs())
			options.Start = test.start
			source, _ := start(t, journal, options)
			journal.expect(t, numbered("e", int(test.first), 9))
			stats := source.Stats()
			if stats.Skipped != test.skipped || stats.Missing != test.missing || stats.Resets != test.anewTime {
				t.Errorf("skipped %d, missing %d, resets %d", stats.Skipped, stats.Missing, stats.Resets)
			}
			await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, 0) == 10 })
		})
	}
}

func deleteBefore(t *testing.T, admin *kadm.Client, offset int64) {
	t.Helper()
	if offset == 0 {
		return
	}
	offsets := make(kadm.Offsets)
	offsets.AddOffset(testTopic, 0, offset, -1)
	deleted, err := admin.DeleteRecords(context.Background(), offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestLatestBeginsAtTheEnd(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	producer := newProducer(t, cluster.ListenAddrs())
	producer.send(testTopic, 0, numbered("old", 1, 5)...)
	journal := newStore()
	options := testOptions(cluster.ListenAddrs())
	options.Start = Latest
	source, _ := start(t, journal, options)
	await(t, "a fetch at the end", func() bool { return source.Stats().Rebalances == 1 })
	// The offset to begin at is asked for after the assignment: whatever comes later is read, with nothing between.
	await(t, "a new event", func() bool {
		producer.send(testTopic, 0, "new")
		return len(journal.all()) > 0
	})
	if got := journal.with("old"); len(got) != 0 {
		t.Errorf("old events were read: %q", got)
	}
}

func TestGroupFollowsTheJournalWithoutNewRecords(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	admin := newAdmin(t, cluster.ListenAddrs())
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 0, 9)...)
	commitGroup(t, admin, 2)
	journal := newStore()
	journal.positions[partition{testTopic, 0}] = 9
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, 0) == 10 })
	if stats := source.Stats(); stats.Skipped != 8 || stats.Records != 0 {
		t.Errorf("stats: %+v", stats)
	}
}

func TestTopicMadeAnewWhileReading(t *testing.T) {
	t.Parallel()
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	admin := newAdmin(t, cluster.ListenAddrs())
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("old", 1, 5)...)
	journal := newStore()
	source, _ := start(t, journal, testOptions(cluster.ListenAddrs()))
	journal.expect(t, numbered("old", 1, 5))
	if _, err := admin.DeleteTopic(context.Background(), testTopic); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CreateTopic(context.Background(), 1, 1, nil, testTopic); err != nil {
		t.Fatal(err)
	}
	// More than the old topic held, so that the old position is a valid offset in the new one.
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("new", 1, 20)...)
	journal.expect(t, append(numbered("old", 1, 5), numbered("new", 1, 20)...))
	await(t, "the group's offset", func() bool { return committed(t, admin, testTopic, 0) == 20 })
	if stats := source.Stats(); stats.LastError == "" {
		t.Errorf("nothing was said of it: %+v", stats)
	}
}

func TestUnreachableBoundsDoNotStopTheReading(t *testing.T) {
	cluster := newCluster(t, kfake.SeedTopics(1, testTopic))
	newProducer(t, cluster.ListenAddrs()).send(testTopic, 0, numbered("e", 0, 9)...)
	cluster.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, topic := range request.(*kmsg.ListOffsetsRequest).Topics {
			answer := kmsg.NewListOffsetsResponseTopic()
			answer.Topic = topic.Topic
			for _, of := range topic.Partitions {
				partition := kmsg.NewListOffsetsResponseTopicPartition()
				partition.Partition, partition.ErrorCode = of.Partition, kerr.UnknownServerError.Code
				answer.Partitions = append(answer.Partitions, partition)
			}
			response.Topics = append(response.Topics, answer)
		}
		return response, nil, true
	})
	journal := newStore()
	journal.positions[partition{testTopic, 0}] = 4
	_, _ = start(t, journal, testOptions(cluster.ListenAddrs()))
	journal.expect(t, numbered("e", 5, 9))
}
