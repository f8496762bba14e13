package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/outputs"
)

// job is some records that are given to a client at once, until the outcome of each is known. It has a copy of what it
// was made of, because it may outlive the Write that made it.
type job struct {
	records []kgo.Record
	bytes   []byte
	// events are the places of the records' events in the batch of the present Write.
	events []int32
	// topics are those of the records.
	topics []*topic
	// ids name the events where the job has outlived its Write.
	ids []outputs.ID

	// pending and failed belong to the goroutine that calls promises, one after the other, until settled is closed.
	pending  int
	failed   map[*kgo.Record]error
	promised chan struct{}
	// settled is closed when each record has its outcome and nothing refers to them any more.
	settled chan struct{}
}

// nowhere is the place of an event that the caller no longer asks for.
const nowhere = -1

// overhead bounds what Kafka's format adds to the only record of a batch.
const overhead = 96

// mostKept is how large the memory of a job may be that is kept for the next one.
const mostKept = 32 << 20

// take makes a job of the first events in the queue, of all of them unless a topic takes only less at once. It gives
// those an outcome that are too large.
//
// The first job with a topic has one event for it. The client keeps records of a topic that it does not know yet aside, and sorts
// them into partitions when it does; it may send some of them while it is at it. If those are refused, the others go out before
// them.
func (o *Output) take() *job {
	w := &o.present
	job := o.empty()
	size, taken := 0, 0
	for _, i := range w.queue {
		w.topics[i].taken = 0
	}
	for _, i := range w.queue {
		event, topic := &w.batch.Events[i], w.topics[i]
		bytes := overhead + len(event.Body) + len(event.Texts[textKey])
		if bytes > o.options.MaxRecordBytes {
			w.outcomes[i] = tooLarge(bytes, "max_record_bytes is %d", o.options.MaxRecordBytes)
			taken++
			continue
		}
		if topic.taken > 0 && (topic.written != o.client || topic.taken+bytes > topic.limit) {
			break
		}
		topic.taken += bytes
		size += bytes
		taken++
		job.events = append(job.events, i)
		job.topics = append(job.topics, topic)
	}
	job.fill(w.batch, size, o.options.Key != "")
	w.queue = w.queue[taken:]
	return job
}

// empty returns a job without records.
func (o *Output) empty() *job {
	if free := o.free; free != nil {
		o.free = nil
		return free
	}
	return new(job)
}

// fill copies the events into records. size is at least as much as is copied.
func (j *job) fill(batch *outputs.Batch, size int, keyed bool) {
	j.bytes = slices.Grow(j.bytes, size)
	j.records = slices.Grow(j.records, len(j.events))[:len(j.events)]
	now := time.Now()
	for n, i := range j.events {
		event := &batch.Events[i]
		record := &j.records[n]
		*record = kgo.Record{Topic: j.topics[n].name, Timestamp: now, Value: j.copy(event.Body)}
		if keyed {
			record.Key = j.copy(event.Texts[textKey])
		}
	}
}

// copy appends to the job's bytes, which have room for it, and returns what was appended; never nil, which would be a
// null in Kafka.
func (j *job) copy(from []byte) []byte {
	start := len(j.bytes)
	j.bytes = append(j.bytes, from...)
	return j.bytes[start:len(j.bytes):len(j.bytes)]
}

// begin gives the records to the client and has them sent.
func (j *job) begin(client *kgo.Client) {
	j.pending, j.failed = len(j.records), nil
	j.promised, j.settled = make(chan struct{}), make(chan struct{})
	ctx := context.Background() // a record that is given up by its context could be written all the same
	promise := j.promise        // once: each mention of a method makes a new function
	for n := range j.records {
		client.Produce(ctx, &j.records[n], promise)
	}
	go j.flush(ctx, client)
}

// promise takes note of a record's outcome.
func (j *job) promise(record *kgo.Record, err error) {
	if err != nil {
		if j.failed == nil {
			j.failed = make(map[*kgo.Record]error)
		}
		j.failed[record] = err
	}
	if j.pending--; j.pending == 0 {
		close(j.promised)
	}
}

// flush lets the client send as long as something is left. It ends at the latest when the client is closed.
func (j *job) flush(ctx context.Context, client *kgo.Client) {
	_ = client.Flush(ctx) // its only error is ctx's
	<-j.promised
	close(j.settled)
}

// remember keeps the names of the events for a later Write.
func (j *job) remember(batch *outputs.Batch) {
	j.ids = j.ids[:0]
	for _, i := range j.events {
		j.ids = append(j.ids, batch.Events[i].ID)
	}
}

// recycle keeps a settled job's memory for the next one.
func (o *Output) recycle(j *job) {
	if cap(j.bytes) > mostKept {
		j.bytes = nil
	}
	clear(j.records)
	clear(j.topics)
	j.records, j.bytes, j.events, j.topics, j.ids = j.records[:0], j.bytes[:0], j.events[:0], j.topics[:0], j.ids[:0]
	j.failed, j.promised, j.settled = nil, nil, nil
	o.free = j
}
