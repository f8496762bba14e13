package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// maxReplayLine is the longest line that replay reads, the largest event that is taken by default on the wire.
const maxReplayLine = 16 << 20

// ReplayOptions say what a replay does.
type ReplayOptions struct {
	Settings Settings
	// Events is a file of JSON lines, or - for standard input.
	Events string
	// States prints the state after each event and rule it matched, in the place of transitions.
	States bool
	// Idle turns idle ends on, by each rule's own idle time, or by IdleTime where that is positive.
	Idle     bool
	IdleTime time.Duration
	// Tail ends at the end of the file what is open, as if no more events came.
	Tail bool
}

// Replay runs the rules over recorded events on the events' own time: the same engine as the live one, with arrival taken
// to be the event's time. It writes JSON lines to streams.Out. Lines that are no events are told of on streams.Err and
// make it fail at the end.
func Replay(ctx context.Context, options ReplayOptions, streams Streams) error {
	c, _, err := options.Settings.Load()
	if err != nil {
		return err
	}
	in, closeIn, err := openEvents(options.Events, streams.In)
	if err != nil {
		return err
	}
	defer closeIn()
	r, err := newReplay(c.Rules, options, streams)
	if err != nil {
		return err
	}
	if err := r.run(ctx, in); err != nil {
		return fmt.Errorf("%s: %w", options.Events, err)
	}
	return r.summary()
}

func openEvents(name string, stdin io.Reader) (io.Reader, func(), error) {
	if name == "-" {
		return stdin, func() {}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, &UsageError{fmt.Errorf("open events: %w", err)}
	}
	return file, func() { _ = file.Close() }, nil
}

// replay is one run over a stream of events.
type replay struct {
	options ReplayOptions
	rules   []rules.Rule
	engine  *rules.Engine
	batch   *rules.Batch
	out     *bufio.Writer
	err     io.Writer
	first   int64
	latest  int64
	events  int
	line    int
	bad     int
	failure error
}

func newReplay(list []rules.Rule, options ReplayOptions, streams Streams) (*replay, error) {
	r := &replay{options: options, rules: list, out: bufio.NewWriterSize(streams.Out, 64<<10), err: streams.Err}
	engineOptions := rules.Options{Unclamped: true}
	if options.States {
		engineOptions.Watch = r.state
	}
	r.engine = rules.NewEngine(engineOptions)
	idle := make([]rules.Rule, len(list))
	for i, rule := range list {
		if !options.Idle {
			rule.Idle = 0
		} else if options.IdleTime > 0 {
			rule.Idle = options.IdleTime
		}
		idle[i] = rule
	}
	return r, r.change(idle)
}

func (r *replay) change(list []rules.Rule) error {
	set, err := rules.Compile(list)
	if err != nil {
		return &UsageError{fmt.Errorf("compile rules: %w", err)}
	}
	r.batch = set.NewBatch()
	_, err = r.engine.Change(set, 0)
	return err
}

func (r *replay) run(ctx context.Context, in io.Reader) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	scanner := bufio.NewScanner(reader)
	scanner.Buffer(make([]byte, 64<<10), maxReplayLine)
	for scanner.Scan() {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.line++
		if line := bytes.TrimSpace(scanner.Bytes()); len(line) > 0 {
			if err := r.event(line); err != nil {
				return err
			}
		}
		if reader.Buffered() == 0 {
			if err := r.out.Flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d is longer than %d MiB", r.line+1, maxReplayLine>>20)
	} else if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if r.options.Tail {
		if err := r.tail(); err != nil {
			return err
		}
	}
	if err := r.out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return r.failure
}

// event moves the clock to the event's time, where that is later, and then judges the event. One that comes at the very
// moment at which a key's idle time is over still belongs to the episode.
func (r *replay) event(line []byte) error {
	r.batch.Reset(r.latest)
	timestamp, err := r.batch.Add(line)
	if err != nil {
		r.complain("%v", err)
		return nil
	}
	if timestamp != rules.TimestampParsed {
		r.complain("no RFC 3339 time in @timestamp; the latest time before it is used")
	}
	r.batch.SetArrival()
	at := r.batch.Arrival()
	if r.events == 0 {
		r.first, r.latest = at, at
	}
	r.events++
	if at > r.latest {
		if err := r.tick(at-r.first-1, at); err != nil {
			return err
		}
		r.latest = at
	}
	outcome, err := r.engine.Observe(r.batch, r.latest-r.first)
	r.print(outcome.Transitions)
	return err
}

func (r *replay) tick(clock, received int64) error {
	outcome, err := r.engine.Tick(clock, received)
	r.print(outcome.Transitions)
	return err
}

// tail lets the clock run on for ever. Rules without an idle time end when their windows run empty.
func (r *replay) tail() error {
	list := make([]rules.Rule, len(r.rules))
	for i, rule := range r.rules {
		switch {
		case r.options.IdleTime > 0:
			rule.Idle = r.options.IdleTime
		case rule.Idle == 0:
			rule.Idle = 1
		}
		list[i] = rule
	}
	if err := r.change(list); err != nil {
		return err
	}
	return r.tick(math.MaxInt64, r.latest)
}

func (r *replay) print(transitions []window.Transition) {
	if r.options.States {
		return
	}
	for _, transition := range transitions {
		r.write(sinks.Document(transition))
	}
}

func (r *replay) state(observed rules.Observed) {
	line, err := json.Marshal(struct {
		Rule      string `json:"rule"`
		Key       string `json:"key"`
		Timestamp string `json:"@timestamp"`
		Count     uint64 `json:"count"`
		Active    bool   `json:"active"`
	}{observed.Rule, observed.Key, sinks.Timestamp(observed.Time), observed.Count, observed.Active})
	if err != nil {
		r.failure = err
		return
	}
	r.write(line)
}

func (r *replay) write(line []byte) {
	_, _ = r.out.Write(bytes.TrimRight(line, "\n")) // a bufio.Writer keeps its error for Flush
	_ = r.out.WriteByte('\n')
}

func (r *replay) complain(format string, values ...any) {
	r.bad++
	if r.bad <= 10 {
		printf(r.err, "%s:%d: %s\n", r.options.Events, r.line, fmt.Sprintf(format, values...))
	}
}

// unevaluated tells of rules whose condition failed for events that have all its fields.
func (r *replay) unevaluated() {
	counters := r.engine.Counters()
	for _, rule := range r.rules {
		if failed := counters[rule.Name].ConditionErrors.Load(); failed > 0 {
			printf(r.err, "rule %q: the condition could not be evaluated for %d of %d events, which do not count for it: a field has another "+
				"type than the condition takes it for\n", rule.Name, failed, r.events)
		}
	}
}

func (r *replay) summary() error {
	r.unevaluated()
	if r.bad == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d lines were not events with a time; see above", r.bad, r.line)
}
