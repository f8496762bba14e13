package outputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs/logstash"
)

// Log is where committed events are read from, and where the cursor is kept: a *pipeline.EventLog.
type Log interface {
	// Last returns the sequence of the latest commit on disk.
	Last() uint64
	// Wait returns when there is a commit on disk behind the given sequence, or with an error when ctx ends.
	Wait(ctx context.Context, after uint64) error
	// Read yields the commits behind the given sequence that are on disk. A *pipeline.LostError stands for what cannot be
	// read; any other error is the last.
	Read(after uint64) iter.Seq2[*pipeline.EventRecord, error]
	// Behind returns how many bytes of the journal are behind a sequence, about.
	Behind(after uint64) int64
	// Full says whether the journal has no room for more.
	Full() bool
	// LoadCursor returns how far the output has come, and the state that it stored with that.
	LoadCursor(output string) (after uint64, state []byte, err error)
	// StoreCursor returns after the cursor is on disk.
	StoreCursor(output string, after uint64, state []byte) error
	// Identity returns the journal's part of the events' IDs.
	Identity() uint64
}

// Delivery drives one output: it reads what is committed behind the output's cursor, chooses and encodes events, has them
// written, tries again what was not taken, sets aside what never will be, and stores the cursor. It never gives up, and
// drops nothing, unless Options.MostBehind says so.
type Delivery struct {
	name    string
	output  Output
	log     Log
	options Options

	documents documents
	encoder   *encoder
	slots     chan struct{} // one for each load that may be in flight
	running   sync.WaitGroup

	// These belong to Run's goroutine.
	read    uint64 // the last record that was read wholly
	resumed place  // the cursor that was found: what is before it was done by a Run before
	filling *load
	passed  bool   // whether records were passed over behind which no cursor is stored yet
	before  uint64 // the last record that was on disk when the delivery was made
	reading trouble

	mutex     sync.Mutex // guards what follows
	inFlight  []*load    // oldest first
	free      []*load
	status    status
	condition delivery.Condition
	storing   sync.Mutex // held while a cursor is stored
	stored    place      // the cursor on disk; guarded by storing
}

// NewDelivery returns the delivery loop of an output. It owns the output from here on.
func NewDelivery(name string, output Output, log Log, options Options) *Delivery {
	options.setDefaults()
	writes := 1
	if concurrent, ok := output.(Concurrent); ok {
		writes = max(1, concurrent.Concurrency())
	}
	before := uint64(0)
	if log != nil {
		before = log.Last()
	}
	return &Delivery{
		name: name, output: output, log: log, before: before, options: options, encoder: newEncoder(&options),
		slots: make(chan struct{}, writes), status: newStatus(name),
		condition: delivery.Condition{Log: options.Logger, Now: options.Now, What: "events"},
	}
}

// Run delivers until ctx ends, waits for what is under way, closes the output, and returns the error of closing it. What
// was not done is delivered by the next Run. Run may be called once.
func (d *Delivery) Run(ctx context.Context) error {
	defer d.changed(func(s *status) { s.state = StateStopped })
	d.run(ctx)
	d.running.Wait()
	if err := delivery.Guard(d.output.Close); err != nil {
		return fmt.Errorf("close output %s: %w", d.name, err)
	}
	return nil
}

func (d *Delivery) run(ctx context.Context) {
	if err := d.restore(ctx); err != nil {
		return
	}
	d.changed(func(s *status) { s.state = StateOK })
	for d.await(ctx) == nil {
		if d.readAll(ctx) != nil || d.flush(ctx, place{record: d.read}) != nil {
			return
		}
		d.changed(func(s *status) { s.read = d.read })
	}
}

// await waits until there is something to read. What was passed over gets its cursor meanwhile, although nothing comes.
func (d *Delivery) await(ctx context.Context) error {
	for d.passed {
		soon, enough := context.WithTimeout(ctx, idleCursor)
		err := d.log.Wait(soon, d.read)
		enough()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := d.passOver(ctx, place{record: d.read}); err != nil {
			return err
		}
	}
	return d.log.Wait(ctx, d.read)
}

// restore takes the cursor, and the output's state, to where they were.
func (d *Delivery) restore(ctx context.Context) error {
	return d.until(ctx, func() error {
		after, state, err := d.log.LoadCursor(d.name)
		if err != nil {
			return err
		}
		d.resumed = placeOf(after, state)
		if bounded, ok := d.output.(Bounded); ok {
			bounded.WillComeAgain(func() int { return d.comingAgain(after) })
		}
		if stateful, ok := d.output.(Stateful); ok {
			d.resumed = place{record: after}
			if err := stateful.Restore(state); err != nil {
				return fmt.Errorf("restore the output's state: %w", err)
			}
			// What the output has to say of its beginning must be on disk before its first write: a kill behind that would
			// leave nothing to go back to. Nor is what another type of output left under this name anything to go back to.
			if begin := stateful.State(); !bytes.Equal(begin, state) {
				if err := d.log.StoreCursor(d.name, after, begin); err != nil {
					return err
				}
			}
		}
		d.read, d.stored = min(after, d.log.Last()), d.resumed
		d.changed(func(s *status) { s.after, s.read = d.read, d.read })
		return nil
	})
}

// mostComingAgain is how many events are counted that will come again: far more than a crash can leave in a file.
const mostComingAgain = 1_000_000

// comingAgain returns how many events, at most, were on disk behind a cursor when the delivery was made. From mostComingAgain on it is
// as good as without a bound.
func (d *Delivery) comingAgain(after uint64) int {
	count := 0
	for record, err := range d.log.Read(after) {
		if err != nil {
			continue // what cannot be read will not come again
		}
		if record.Sequence > d.before {
			break
		}
		_, passed := record.Count()
		if count += passed; count >= mostComingAgain {
			return math.MaxInt
		}
	}
	return count
}

// readAll reads what is on disk. It returns an error only when ctx ended.
func (d *Delivery) readAll(ctx context.Context) error {
	for record, err := range d.log.Read(d.read) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var lost *pipeline.LostError
		switch {
		case errors.As(err, &lost):
			d.lost(lost)
			d.read = lost.Through
		case err != nil:
			return d.pause(ctx, err)
		default:
			if err := d.take(ctx, record); err != nil {
				return err
			}
			d.read = record.Sequence
		}
	}
	if d.reading.failing {
		d.succeeded(&d.reading)
	}
	return nil
}

// take adds the events of a record to what is being filled, and has full loads written.
func (d *Delivery) take(ctx context.Context, record *pipeline.EventRecord) error {
	if len(record.Parts) == 0 {
		return nil
	}
	if d.tooFarBehind(record.Sequence) {
		_, passed := record.Count()
		d.missed(passed)
		return nil
	}
	origin, chosen := originOf(record), record.Chosen()
	id := ID{Journal: d.log.Identity(), Record: record.First}
	done := uint32(0)
	if record.First == d.resumed.record+1 {
		done = d.resumed.events
	}
	for _, part := range record.Parts {
		err := d.documents.each(part, func(document []byte) (err error) {
			if chosen.Next() && id.Index >= done && (d.options.Where == nil || d.matches(document, id)) {
				err = d.add(ctx, document, origin, id)
			}
			id.Index++
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			d.lost(&pipeline.LostError{From: record.Sequence, Through: record.Sequence, Err: err})
		}
	}
	d.documents.rest()
	if d.filling != nil && d.filling.full(&d.options) {
		return d.flush(ctx, place{record: record.Sequence})
	}
	return nil
}

// matches says whether Where chooses an event.
func (d *Delivery) matches(document []byte, id ID) bool {
	matches, known := d.options.Where.Matches(document)
	if !known {
		first := false
		d.changed(func(s *status) {
			first = s.conditionErrors == 0
			s.conditionErrors++
		})
		if first {
			d.options.Logger.Warn().Uint64("record", id.Record).Uint32("event", id.Index).
				Msg("where cannot be evaluated for an event, so the output does not get it; others are counted, and not logged")
		}
	}
	return matches
}

// add adds an event to what is being filled, which is written first where it is full in the middle of a record.
func (d *Delivery) add(ctx context.Context, document []byte, origin *logstash.Origin, id ID) error {
	if d.filling != nil && d.filling.full(&d.options) {
		if err := d.flush(ctx, place{id.Record - 1, id.Index}); err != nil {
			return err
		}
	}
	if d.filling == nil {
		d.filling = d.load()
	}
	if err := d.encoder.add(d.filling, document, origin, id); err != nil {
		d.options.Logger.Error().Err(err).Uint64("record", id.Record).Uint32("event", id.Index).
			Msg("an event of the journal cannot be encoded; it is left out")
		d.changed(func(s *status) { s.lost++ })
	}
	return nil
}

// lost takes note of events that can no longer be read.
func (d *Delivery) lost(lost *pipeline.LostError) {
	d.options.Logger.Error().Err(lost).Msg("events of the journal cannot be read; the output goes on behind them")
	d.changed(func(s *status) { s.lostRecords += lost.Through - lost.From + 1 })
}

// tooFarBehind says whether an output that need not have everything is so far behind that it loses what stands at a
// sequence.
func (d *Delivery) tooFarBehind(sequence uint64) bool {
	return d.options.MostBehind > 0 && d.log.Behind(sequence) > d.options.MostBehind
}
