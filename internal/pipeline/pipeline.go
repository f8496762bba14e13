package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// ErrClosed is returned by Handle once Close was called.
var ErrClosed = errors.New("pipeline: closed")

// The defaults of Options.
const (
	// DefaultGrace is Filebeat's longest backoff: how long a sender may take to come back after a start.
	DefaultGrace = 60 * time.Second
	// DefaultCheckpoint is how many bytes of records make a checkpoint due.
	DefaultCheckpoint = 16 << 20
)

// Options say how a pipeline works. Journal, Rules and DeadLetter are needed.
type Options struct {
	Journal *journal.Journal
	Rules   *rules.Set
	// DeadLetter keeps events that could not be taken. It returns after they are on disk.
	DeadLetter func(ctx context.Context, letters []DeadLetter) error
	// Acknowledge says when Handle returns; the zero value is AckDurable.
	Acknowledge Acknowledge
	// Sinks are the names of all sinks that have a cursor. The cursors of others are dropped.
	Sinks []string
	// Outputs are the names of all outputs of events. Where there are none, events are judged and not kept. What one of them
	// has not had stays in the journal, and when that is full no events are taken.
	Outputs []string
	// Resends makes events be recognised that come again, in batches that say MayComeAgain: they are neither counted nor
	// passed on. Rules must have been compiled with ResendPaths. ResendBudget bounds the memory for that, in bytes; 0 stands
	// for resend.DefaultBudget.
	Resends      bool
	ResendBudget int64
	// Builtin switches on the alerts that logboom raises about itself: JournalFilling and DeadLetters.
	Builtin bool
	// Grace is added to the rules' idle times after a start that found earlier state; 0 stands for DefaultGrace.
	Grace time.Duration
	// Checkpoint is how many bytes of records make a checkpoint due, unless the last one was larger; 0 stands for
	// DefaultCheckpoint.
	Checkpoint int
	Logger     zerolog.Logger
}

// Pipeline is the way from sources to a durable decision. All exported methods are safe for concurrent use.
type Pipeline struct {
	options Options
	journal *journal.Journal
	outbox  *outbox
	engine  *rules.Engine // owned by the writer, but for its counters
	logger  zerolog.Logger

	queue    chan *work
	commits  chan commit
	failures chan error
	stored   chan checkpointDone
	wake     chan struct{}
	look     chan struct{}
	stop     chan struct{}
	stopped  chan struct{}
	closing  sync.Once
	routines sync.WaitGroup
	decoders sync.Pool

	// waiting counts the batches that were received and are not observed yet. While there is one, idle time stands still.
	waiting atomic.Int64
	status  status
	outputs *outputs
	resends *resends // nil where resends are not recognised
	// committed tells outputs that there is more.
	committed broadcast
	// identity is a random number that the journal got when it was made.
	identity uint64
	stats    counters
	// said limits how often each kind of trouble is told of in the log.
	said struct{ time, aside, stuck, cut, space rate.Sometimes }

	positions struct {
		sync.Mutex
		durable map[partition]int64
	}
	writer writerState
	// builtins decide the built-in alerts.
	builtins builtins
	oldest   oldest
	// unevaluated are the rules of which it was said that their condition fails. It belongs to the watcher.
	unevaluated map[string]bool
	// longestPiece is the constant, or less in tests.
	longestPiece int
	// limit is, while a commit is appended in pieces, one more than the sequence of the record before them; or 0.
	limit atomic.Uint64
}

type partition struct {
	topic  string
	number int32
}

// New recovers what the journal holds and starts the pipeline's goroutines; Close ends them. It fails where the journal
// cannot be read or written.
func New(options Options) (*Pipeline, error) {
	if options.Grace == 0 {
		options.Grace = DefaultGrace
	}
	if options.Checkpoint == 0 {
		options.Checkpoint = DefaultCheckpoint
	}
	p := &Pipeline{
		longestPiece: longestPiece, unevaluated: make(map[string]bool),
		options: options, journal: options.Journal, outbox: newOutbox(options.Journal), outputs: newOutputs(options.Journal, options.Outputs), logger: options.Logger,
		queue: make(chan *work, 64), commits: make(chan commit, 256), failures: make(chan error, 1),
		stored: make(chan checkpointDone, 1), wake: make(chan struct{}, 1), look: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	p.decoders.New = func() any { return options.Rules.NewBatch() }
	for _, limit := range []*rate.Sometimes{&p.said.time, &p.said.aside, &p.said.stuck, &p.said.cut, &p.said.space} {
		*limit = rate.Sometimes{First: 1, Interval: 10 * time.Second}
	}
	if options.Resends {
		p.resends = newResends(options.ResendBudget)
	}
	p.positions.durable = make(map[partition]int64)
	if err := p.recover(true); err != nil {
		return nil, err
	}
	if err := p.begin(); err != nil {
		return nil, err
	}
	p.routines.Go(p.write)
	p.routines.Go(p.commitLoop)
	p.routines.Go(p.watch)
	return p, nil
}

// begin brings the configured rules and sinks into effect, durably, before the first batch.
func (p *Pipeline) begin() error {
	last := p.engine.Number()
	dropped, err := p.outbox.keep(p.options.Sinks, last)
	if err != nil {
		return fmt.Errorf("set up cursors: %w", err)
	}
	for _, name := range dropped {
		p.logger.Warn().Str("sink", name).Msg("sink is no longer configured; what it had not been given is dropped for it")
	}
	if p.identity, err = identityOf(p.journal); err != nil {
		return err
	}
	if dropped, err = p.outputs.keep(p.journal.Last()); err != nil {
		return fmt.Errorf("set up cursors of outputs: %w", err)
	}
	for _, name := range dropped {
		p.logger.Warn().Str("output", name).Msg("output is no longer configured; events that it had not been given are dropped for it")
	}
	outcome, err := p.engine.Change(p.options.Rules, time.Now().UnixNano())
	if err != nil {
		return fmt.Errorf("change rules: %w", err)
	}
	if err := p.commitNow(outcome); err != nil {
		return fmt.Errorf("commit rules: %w", err)
	}
	if err := p.endBuiltins(); err != nil {
		return fmt.Errorf("end built-in alerts: %w", err)
	}
	grace := int64(0)
	if p.writer.recovered {
		grace = int64(p.options.Grace)
	}
	p.engine.Rest(0, grace)
	p.writer.clockAt = time.Now()
	p.status.rules.Store(p.engine.Counters())
	return nil
}

// Handle takes a batch and waits for it, as Begin and the function that it returns.
func (p *Pipeline) Handle(ctx context.Context, batch *Batch) error {
	wait, err := p.Begin(ctx, batch)
	if err != nil {
		return err
	}
	return wait()
}

// Begin takes a batch and returns a function that must be called once and waits until the batch may be acknowledged: it
// returns nil when everything that the batch caused is on disk, or is judged where Options.Acknowledge is AckMemory.
// Batches that one goroutine begins are judged in that order. The batch and its documents must stay as they are until the
// function has returned.
//
// An error, of either, says that nothing of the batch was taken, and the sender has to send it again. When ctx ends it
// gives up, unless the batch was judged already: that cannot be taken back, so its commit is waited for. While the journal
// is full or failing it blocks.
func (p *Pipeline) Begin(ctx context.Context, batch *Batch) (wait func() error, err error) {
	received := batch.Received
	if received.IsZero() {
		received = time.Now()
	}
	p.waiting.Add(1)
	w := &work{
		decoded:   p.decoders.Get().(*rules.Batch), //nolint:forcetypeassert // New makes nothing else
		positions: batch.Positions, received: received, done: make(chan error, 1),
	}
	if len(p.options.Outputs) > 0 && len(batch.Events) > 0 {
		w.stored = &stored{
			arrival: received.UnixNano(), origin: Origin{Source: batch.Source, Peer: batch.Peer, TLS: batch.TLS},
			events: batch.Events, parts: batch.Parts,
		}
	}
	if p.resends != nil && batch.MayComeAgain {
		w.identities = p.resends.batch()
	}
	if err = p.decode(ctx, batch, w); err == nil {
		err = p.submit(ctx, w)
	}
	if err != nil {
		p.waiting.Add(-1)
		p.release(w)
		return nil, err
	}
	return func() error { return p.finish(ctx, w, len(batch.Events)) }, nil
}

// finish waits for the outcome of a batch.
func (p *Pipeline) finish(ctx context.Context, w *work, events int) error {
	err := w.wait(ctx, p.stopped)
	if err == nil {
		p.stats.batches.Add(1)
		p.stats.events.Add(uint64(events))
		p.stats.duplicates.Add(uint64(w.duplicates))
	}
	p.release(w)
	return err
}

// release keeps a decoded batch for another one.
func (p *Pipeline) release(w *work) {
	w.decoded.Reset(0)
	p.decoders.Put(w.decoded)
	if w.identities != nil {
		p.resends.batches.Put(w.identities)
	}
}

// decode reads the events and sets aside those that are none.
func (p *Pipeline) decode(ctx context.Context, batch *Batch, w *work) error {
	w.decoded.Reset(w.received.UnixNano())
	var letters []DeadLetter
	for i, document := range batch.Events {
		timestamp, err := w.decoded.Add(document)
		if err == nil && w.identities != nil {
			w.identities.Add(w.decoded.Values(), document)
		}
		switch {
		case err != nil:
			w.skip(i)
			letters = append(letters, p.letter(batch, w.received, err.Error(), document, int64(len(document))))
		case timestamp == rules.TimestampMissing:
			p.stats.timestampMissing.Add(1)
		case timestamp == rules.TimestampUnparsable:
			p.stats.timestampUnparsable.Add(1)
			p.said.time.Do(func() {
				p.logger.Warn().Str("peer", batch.Peer).
					Msg("@timestamp is not an RFC 3339 time; the arrival time is used (more of these are not logged for 10 s)")
			})
		}
	}
	w.decoded.Finish()
	p.stats.undecodable.Add(uint64(len(letters)))
	for _, rejected := range batch.Rejected {
		letters = append(letters, p.letter(batch, w.received, rejected.Reason, rejected.Prefix, rejected.Length))
	}
	p.stats.rejected.Add(uint64(len(batch.Rejected)))
	return p.setAside(ctx, letters)
}

func (p *Pipeline) letter(batch *Batch, at time.Time, reason string, document []byte, length int64) DeadLetter {
	return DeadLetter{
		Time: at, Source: batch.Source, Peer: batch.Peer, Reason: reason, Document: document, Length: length,
	}
}

// setAside writes dead letters, as long as that takes: the batch must not be acknowledged before, and refusing it would
// only make its sender send it again, for ever.
func (p *Pipeline) setAside(ctx context.Context, letters []DeadLetter) error {
	if len(letters) == 0 {
		return nil
	}
	for {
		err := p.options.DeadLetter(ctx, letters)
		if err == nil {
			p.setAsideBy("input "+letters[0].Source, letters[0].Reason, len(letters))
			p.said.aside.Do(func() {
				p.logger.Warn().Str("peer", letters[0].Peer).Str("reason", letters[0].Reason).Int("events", len(letters)).
					Msg("events could not be read and were kept as dead letters (more of these are not logged for 10 s)")
			})
			return nil
		}
		p.said.stuck.Do(func() { p.logger.Error().Err(err).Msg("dead letters cannot be written; their senders have to wait") })
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("write dead letters: %w", errors.Join(err, context.Cause(ctx)))
		case <-p.stop:
			return ErrClosed
		}
	}
}

// submit hands a batch to the writer.
func (p *Pipeline) submit(ctx context.Context, w *work) error {
	select {
	case p.queue <- w:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.stop:
		return ErrClosed
	}
}

// Outbox returns where sinks read transitions and keep their cursors.
func (p *Pipeline) Outbox() interface {
	sinks.Outbox
	sinks.CursorStore
} {
	return p.outbox
}

// Position returns the latest offset of a partition whose commit is on disk, and false where there is none. It may be less
// than an earlier one, where a topic was made anew.
func (p *Pipeline) Position(topic string, number int32) (int64, bool) {
	p.positions.Lock()
	defer p.positions.Unlock()
	offset, ok := p.positions.durable[partition{topic, number}]
	return offset, ok
}

func (p *Pipeline) arrived(positions []Position) {
	if len(positions) == 0 {
		return
	}
	p.positions.Lock()
	defer p.positions.Unlock()
	for _, position := range positions {
		p.positions.durable[partition{position.Topic, position.Partition}] = position.Offset
	}
}

// Alerts returns the transitions that opened the episodes which are open now, and up to limit of the latest ones, the
// newest first.
func (p *Pipeline) Alerts(limit int) (open, latest []window.Transition) {
	return p.outbox.alerts(limit)
}

// Close stops taking batches, judges and commits those it has, and stores a checkpoint, so that the next start is fast.
// It returns ctx's error where that takes longer. It may be called more than once.
func (p *Pipeline) Close(ctx context.Context) error {
	p.closing.Do(func() {
		close(p.stop)
		go func() {
			p.routines.Wait()
			close(p.stopped)
		}()
	})
	select {
	case <-p.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close pipeline: %w", context.Cause(ctx))
	}
}
