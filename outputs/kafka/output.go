package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/outputs"
)

// Output writes events to Kafka. New makes it. It is for one goroutine at a time: the order of events matters.
type Output struct {
	options Options
	trouble trouble
	topics  topics
	// client is nil where the next Write needs a new one.
	client *kgo.Client
	// ended is why the last client was ended while records were in it.
	ended error
	// unsettled is what an earlier Write gave to the client and has no outcome yet; nil for nothing.
	unsettled *job
	// free is a job whose memory can be used again.
	free *job
	// present is the Write under way.
	present write
}

var _ outputs.Output = (*Output)(nil)

// New makes an output. It does no I/O: what keeps Kafka from being reached is the outcome of each Write.
func New(options Options) (*Output, error) {
	options.setDefaults()
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("make Kafka output: %w", err)
	}
	o := &Output{options: options}
	o.trouble.cluster = options.Cluster
	if options.Cluster.TellsPassword() {
		options.Logger.Warn().Msg("the Kafka password goes over the network unencrypted: SASL PLAIN without TLS")
	}
	return o, nil
}

// write is what a Write has to do still.
type write struct {
	batch    *outputs.Batch
	outcomes []error
	// queue are the places in the batch of those events that have no outcome, in order.
	queue []int32
	// topics are those of the events in queue, by place.
	topics []*topic
}

// Write writes the events to the topics that Texts[0] names, with Texts[1] as keys where Options.Key is set. It returns
// after the outcome of each is known, or after Options.Timeout, or soon after ctx ends. Where the outcome is not known
// yet, the client goes on, and the next Write must have these events again, in this order; leaving some out is allowed.
//
// Permanent are an event whose topic is no name of one, and one that is too large. Blocked are a refused login, what the
// user may not do, and what Kafka refuses until somebody changes a setting.
func (o *Output) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.unsettled != nil {
		if err := o.await(ctx, o.unsettled); err != nil {
			return nil, err
		}
	}
	o.present.begin(batch)
	if job := o.unsettled; job != nil {
		o.unsettled = nil
		o.recall(job)
	}
	if o.topics.tooMany() {
		o.drop(nil)
		o.topics.forget()
	}
	err := o.run(ctx)
	outcomes := o.present.outcomes
	o.present.end()
	return outcomes, err
}

func (w *write) begin(batch *outputs.Batch) {
	w.batch, w.outcomes = batch, make([]error, len(batch.Events))
	w.queue = w.queue[:0]
	for i := range batch.Events {
		w.queue = append(w.queue, int32(i))
	}
	if cap(w.topics) < len(batch.Events) {
		w.topics = make([]*topic, len(batch.Events))
	}
	w.topics = w.topics[:len(batch.Events)]
}

func (w *write) end() {
	clear(w.topics)
	w.batch, w.outcomes = nil, nil
}

// leave gives all that is in the queue an outcome.
func (w *write) leave(outcome error) {
	for _, i := range w.queue {
		w.outcomes[i] = outcome
	}
	w.queue = w.queue[:0]
}

// run writes what is in the queue: all of it at once, unless a topic takes only less than that. An error stands for all
// events of the batch.
func (o *Output) run(ctx context.Context) error {
	w := &o.present
	for len(w.queue) > 0 {
		if err := o.connect(); err != nil {
			w.leave(err)
			return nil
		}
		if err := o.resolve(ctx); err != nil {
			w.leave(err)
			return nil
		}
		job := o.take()
		if len(job.records) == 0 {
			o.recycle(job)
			continue
		}
		o.trouble.forget()
		job.begin(o.client)
		if err := o.await(ctx, job); err != nil {
			o.keep(job, err)
			return nil
		}
		o.collect(job)
	}
	return nil
}

// connect makes a client where there is none. That is no I/O.
func (o *Output) connect() error {
	if o.client != nil {
		return nil
	}
	log := o.trouble.listen(o.options.Logger)
	options := append(o.options.Cluster.ClientOptions(log, &o.trouble), o.options.producing()...)
	client, err := kgo.NewClient(options...)
	if err != nil {
		return fmt.Errorf("make Kafka client: %w", err)
	}
	o.client, o.ended = client, nil
	return nil
}

// drop ends the client. Records in it fail, which is put down to cause.
func (o *Output) drop(cause error) {
	if o.client == nil {
		return
	}
	o.ended = cause
	o.client.Close()
	o.client = nil
}

// keep remembers a job that has no outcome yet.
func (o *Output) keep(job *job, err error) {
	w := &o.present
	for _, i := range job.events {
		w.outcomes[i] = err
	}
	w.leave(outputs.ErrNotTried)
	job.remember(w.batch)
	o.unsettled = job
}

// recall finds the events of the present Write again in a job of an earlier one, and takes over their outcomes.
func (o *Output) recall(job *job) {
	w := &o.present
	places := make(map[outputs.ID]int32, len(w.batch.Events))
	for i := range w.batch.Events {
		places[w.batch.Events[i].ID] = int32(i)
	}
	for n, id := range job.ids {
		job.events[n] = nowhere
		if i, found := places[id]; found {
			job.events[n] = i
			delete(places, id)
		}
	}
	w.queue = w.queue[:0]
	for i := range w.batch.Events {
		if _, left := places[w.batch.Events[i].ID]; left {
			w.queue = append(w.queue, int32(i))
		}
	}
	o.collect(job)
}

// errClosed is the outcome of what is in the client when the output is closed. Nobody sees it.
var errClosed = errors.New("the output was closed")

// Close ends the client. What has no outcome yet is written again after the next start.
func (o *Output) Close() error {
	o.drop(errClosed)
	if o.unsettled != nil {
		<-o.unsettled.settled
		o.unsettled = nil
	}
	return nil
}
