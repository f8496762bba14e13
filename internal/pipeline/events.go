package pipeline

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/logboom/logboom/internal/journal"
)

// The events of a batch, as they stand in its record:
//
//	varint  arrival                           nanoseconds since 1970
//	uvarint length, origin                    JSON, an Origin
//	uvarint runs, each uvarint kept, skipped  from the first event on: so many are passed on, so many after them are not
//	parts until the end:
//	  byte 1, uvarint events, uvarint length, so many events, each a uvarint length and a document
//	  byte 2, uvarint events, uvarint length, a zlib stream of so many Lumberjack JSON frames of version 2
const (
	partDocuments byte = 1
	partZlib      byte = 2
)

// Origin is who sent the events of a batch.
type Origin struct {
	Source string `json:"source"`
	Peer   string `json:"peer"`
	TLS    *TLS   `json:"tls,omitempty"`
}

// TLS is what a handshake told about a sender that was asked for its certificate.
type TLS struct {
	Verified bool   `json:"verified,omitempty"`
	Version  string `json:"version,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Cipher   string `json:"cipher,omitempty"`
}

// Part is a run of a batch's events, as Batch.Parts has them.
type Part struct {
	Count int
	Zlib  []byte
}

// EventRecord is the events of one commit. Its bytes are valid until the next one is asked for.
type EventRecord struct {
	// Sequence is that of the commit's last record in the journal, First that of its first: the same, unless it is in pieces.
	Sequence, First uint64
	// Arrival is when the batch was complete, in nanoseconds since 1970.
	Arrival int64
	Origin  Origin
	// Parts are the events, also those that are not passed on.
	Parts []StoredPart
	runs  []byte
}

// StoredPart is a run of events as the journal keeps them.
type StoredPart struct {
	Count int
	// Zlib is a stream of Lumberjack JSON frames, or nil.
	Zlib []byte
	// Documents are events one after another, each behind a uvarint of its length, where Zlib is nil.
	Documents []byte
}

// Count returns how many events the record holds, and how many of them are passed on.
func (r *EventRecord) Count() (all, passed int) {
	for _, part := range r.Parts {
		all += part.Count
	}
	passed = all
	for chosen := r.Chosen(); len(chosen.runs) > 0; {
		chosen.advance()
		passed -= int(chosen.skipped)
	}
	return all, passed
}

// Chosen returns what tells of one event of the record after another whether it is passed on.
func (r *EventRecord) Chosen() Chosen { return Chosen{runs: r.runs} }

// Chosen tells which events of a record are passed on.
type Chosen struct {
	runs          []byte
	kept, skipped uint64
}

// Next says whether the next event is passed on.
func (c *Chosen) Next() bool {
	for c.kept == 0 && c.skipped == 0 && len(c.runs) > 0 {
		c.advance()
	}
	if c.kept > 0 || c.skipped == 0 {
		c.kept -= min(c.kept, 1)
		return true
	}
	c.skipped--
	return false
}

// advance reads the next run.
func (c *Chosen) advance() {
	kept, n := binary.Uvarint(c.runs)
	skipped, m := binary.Uvarint(c.runs[n:])
	c.kept, c.skipped, c.runs = kept, skipped, c.runs[n+m:]
}

// stored are the events of a batch on their way into its record.
type stored struct {
	arrival int64
	origin  Origin
	events  [][]byte
	parts   []Part
	skipped []uint32 // numbers of events that could not be decoded, in order
	resent  []uint32 // numbers, among those that could, of events that came before
}

// appendContent appends what stands in the section.
func (s *stored) appendContent(to []byte) ([]byte, error) {
	origin, err := json.Marshal(s.origin)
	if err != nil {
		return nil, fmt.Errorf("encode origin: %w", err)
	}
	to = binary.AppendVarint(to, s.arrival)
	to = append(binary.AppendUvarint(to, uint64(len(origin))), origin...)
	to = s.appendRuns(to)
	parts := s.parts
	if len(parts) == 0 && len(s.events) > 0 {
		parts = []Part{{Count: len(s.events)}}
	}
	events := s.events
	for _, part := range parts {
		to = appendPart(to, part, events[:part.Count])
		events = events[part.Count:]
	}
	return to, nil
}

func (s *stored) appendRuns(to []byte) []byte {
	var runs []byte
	count, next, leftOut := uint64(0), uint32(0), s.leftOut()
	for i := 0; i < len(leftOut); count++ {
		first := leftOut[i]
		length := uint32(0)
		for i < len(leftOut) && leftOut[i] == first+length {
			length++
			i++
		}
		runs = binary.AppendUvarint(runs, uint64(first-next))
		runs = binary.AppendUvarint(runs, uint64(length))
		next = first + length
	}
	return append(binary.AppendUvarint(to, count), runs...)
}

func appendPart(to []byte, part Part, events [][]byte) []byte {
	if part.Zlib != nil {
		to = binary.AppendUvarint(append(to, partZlib), uint64(part.Count))
		to = binary.AppendUvarint(to, uint64(len(part.Zlib)))
		return append(to, part.Zlib...)
	}
	length := 0
	for _, event := range events {
		length += uvarintLength(uint64(len(event))) + len(event)
	}
	to = binary.AppendUvarint(append(to, partDocuments), uint64(part.Count))
	to = binary.AppendUvarint(to, uint64(length))
	for _, event := range events {
		to = append(binary.AppendUvarint(to, uint64(len(event))), event...)
	}
	return to
}

func uvarintLength(value uint64) int {
	length := 1
	for ; value >= 0x80; value >>= 7 {
		length++
	}
	return length
}

// decodeEvents reads what appendEvents wrote. Everything stays part of the given bytes.
func decodeEvents(section []byte, r *EventRecord) error {
	d := sectionReader{bytes: section}
	r.Arrival = d.varint()
	origin := d.take(d.uvarint())
	runs := d.uvarint()
	before := d.bytes
	total := uint64(0)
	for range runs {
		total += d.uvarint() + d.uvarint()
		if d.failed || total > maxEvents {
			return fmt.Errorf("%w: runs of events", errRecord)
		}
	}
	r.runs = before[:len(before)-len(d.bytes)]
	r.Parts = r.Parts[:0]
	events := uint64(0)
	for len(d.bytes) > 0 && !d.failed {
		kind, count := d.take(1), d.uvarint()
		content := d.take(d.uvarint())
		if events += count; d.failed || count > maxEvents || events > maxEvents {
			break
		}
		part := StoredPart{Count: int(count)}
		switch kind[0] {
		case partZlib:
			part.Zlib = content
		case partDocuments:
			part.Documents = content
		default:
			return fmt.Errorf("%w: a part of events of kind %d", errRecord, kind[0])
		}
		r.Parts = append(r.Parts, part)
	}
	if d.failed || events > maxEvents || total > events {
		return fmt.Errorf("%w: events are cut", errRecord)
	}
	r.Origin = Origin{}
	if err := json.Unmarshal(origin, &r.Origin); err != nil {
		return fmt.Errorf("%w: origin of events: %w", errRecord, err)
	}
	return nil
}

// maxEvents is more than a record can hold, so that sums of counts cannot overflow.
const maxEvents = 1 << 31

// sectionReader takes a section apart. After a failure it returns nothing.
type sectionReader struct {
	bytes  []byte
	failed bool
}

func (d *sectionReader) uvarint() uint64 {
	value, size := binary.Uvarint(d.bytes)
	return value & d.advance(size)
}

func (d *sectionReader) varint() int64 {
	value, size := binary.Varint(d.bytes)
	return value & int64(d.advance(size))
}

// advance goes on behind a number of that size and returns all ones, or none after a failure.
func (d *sectionReader) advance(size int) uint64 {
	if size <= 0 {
		d.failed, d.bytes = true, nil
		return 0
	}
	d.bytes = d.bytes[size:]
	return ^uint64(0)
}

func (d *sectionReader) take(length uint64) []byte {
	if length > uint64(len(d.bytes)) {
		d.failed, d.bytes = true, nil
		return nil
	}
	taken := d.bytes[:length:length]
	d.bytes = d.bytes[length:]
	return taken
}

// EventLog is the committed events, for outputs. Its methods are safe for concurrent use.
type EventLog struct{ pipeline *Pipeline }

// Events returns the committed events. There are only those of batches that were committed while Options.Outputs named
// at least one.
func (p *Pipeline) Events() *EventLog { return &EventLog{p} }

// Behind returns about how many bytes of the journal are behind a sequence.
func (l *EventLog) Behind(after uint64) int64 { return l.pipeline.journal.Behind(after) }

// Full says whether the journal has no room, so that no events are taken.
func (l *EventLog) Full() bool { return l.pipeline.status.full() }

// Identity returns a random number that the journal got when it was made.
func (l *EventLog) Identity() uint64 { return l.pipeline.identity }

// Last returns the sequence of the latest commit on disk.
func (l *EventLog) Last() uint64 {
	durable := l.pipeline.journal.Durable()
	if limit := l.pipeline.limit.Load(); limit > 0 {
		return min(durable, limit-1)
	}
	return durable
}

// Wait returns when there is a commit on disk behind the given sequence, or with the context's cause when that ends.
func (l *EventLog) Wait(ctx context.Context, after uint64) error {
	for {
		committed := l.pipeline.committed.wait()
		if l.Last() > after {
			return nil
		}
		select {
		case <-committed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// LostError says that records between two sequences, both included, can no longer be read. Events may have been in them.
type LostError struct {
	From, Through uint64
	Err           error
}

// Error tells which records, and what is wrong with them.
func (e *LostError) Error() string {
	return fmt.Sprintf("records %d to %d of the journal are lost: %v", e.From, e.Through, e.Err)
}

// Unwrap returns what is wrong.
func (e *LostError) Unwrap() error { return e.Err }

// Read yields the commits behind the given sequence that are on disk, in order, also those without events: they have no
// Parts. A *LostError stands for records that cannot be read, and reading goes on behind them; any other error is the
// last. The record is used again for the next one.
func (l *EventLog) Read(after uint64) iter.Seq2[*EventRecord, error] {
	return func(yield func(*EventRecord, error) bool) {
		var (
			read  EventRecord
			whole assembly
		)
		next := after + 1
		for stored, err := range l.pipeline.journal.Records(next) {
			var damage *journal.DamageError
			switch {
			case errors.As(err, &damage):
				next, whole = damage.Through+1, assembly{}
				if !yield(nil, &LostError{damage.From, damage.Through, err}) {
					return
				}
				continue
			case err != nil:
				yield(nil, fmt.Errorf("read journal: %w", err))
				return
			case stored.Sequence > next && !yield(nil, &LostError{next, stored.Sequence - 1, errMissing}):
				return
			}
			if stored.Sequence > next {
				whole = assembly{}
			}
			next = stored.Sequence + 1
			payload, complete := whole.add(stored.Payload)
			switch {
			case complete:
				read.First = stored.Sequence - whole.before
				if !read.yield(journal.Record{Sequence: stored.Sequence, Payload: payload}, yield) {
					return
				}
			case whole.open(): // nothing is said of a piece, so that nobody goes on behind one and then lacks it
			case !yield(nil, &LostError{stored.Sequence, stored.Sequence, errMissing}):
				return
			}
		}
	}
}

// yield gives what a record of the journal says.
func (r *EventRecord) yield(stored journal.Record, yield func(*EventRecord, error) bool) bool {
	r.Sequence = stored.Sequence
	if err := readEvents(stored.Payload, r); err != nil {
		return yield(nil, &LostError{stored.Sequence, stored.Sequence, err})
	}
	return yield(r, nil)
}

var errMissing = errors.New("they are not there")

// readEvents finds the events of a record.
func readEvents(payload []byte, to *EventRecord) error {
	to.Parts, to.runs, to.Arrival = to.Parts[:0], nil, 0
	return sections(payload, func(tag byte, section []byte) error {
		if tag != sectionEvents {
			return nil
		}
		return decodeEvents(section, to)
	})
}

// broadcast wakes all who wait. The zero value is ready.
type broadcast struct {
	mutex   sync.Mutex
	waiting chan struct{} // nil where nobody waits
}

// wait returns what is closed by the next send.
func (b *broadcast) wait() <-chan struct{} {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.waiting == nil {
		b.waiting = make(chan struct{})
	}
	return b.waiting
}

func (b *broadcast) send() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.waiting != nil {
		close(b.waiting)
		b.waiting = nil
	}
}
