// Package outputs passes log events on: to where Logstash would have written them, in the form in which it would have
// (package outputs/logstash). It holds the contract of an output and the one loop that every output runs under, which
// reads the journal behind the output's cursor, chooses, encodes, tries, waits, sets aside what can never succeed, and
// moves the cursor only past what is done.
//
// The journal is the queue: events are in it once, as they came, however many outputs there are. An output that is slow
// or down holds up nobody else.
package outputs

import (
	"context"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/outputs/logstash"
)

// Output is a place where events go.
type Output interface {
	// Write writes the events, in order, and returns one outcome for each, or a single error that stands for all of them.
	// nil is done; a Permanent error goes to the dead letters and counts as done; any other is tried again, after
	// RetryAfter's delay where the error carries one, seldom where it is Blocked. Write must not try again by itself, and
	// must return soon after ctx ends, with outcomes for what is known to be done. The batch and all that it refers to is
	// the caller's again when Write returns. An output for which the order matters does not go past an event that has to
	// be tried again: the ones behind it get ErrNotTried.
	//
	// Write is called from several goroutines at a time only where the output is Concurrent.
	Write(ctx context.Context, batch *Batch) ([]error, error)
	// Close releases what the output holds. It is called once, after the last Write has returned.
	Close() error
}

// Concurrent is an Output whose Write may be called while another one is under way, as where several requests to a
// server are faster than one. The order of events is then not kept between batches.
type Concurrent interface {
	Output
	// Concurrency is how many calls of Write may be under way at a time.
	Concurrency() int
}

// Stateful is an Output with facts of its own that must survive a restart, such as the length of a file. They are stored
// with the cursor, in one atomic write. It cannot be Concurrent.
type Stateful interface {
	Output
	// State returns the facts as bytes, as of the last Write.
	State() []byte
	// Restore takes back what State returned, before the first Write. It is called with nil where nothing is stored, and
	// again with the same where it failed.
	Restore(state []byte) error
}

// Bounded is a Stateful output that takes away what a crash left, and must not take away more than will be written again.
type Bounded interface {
	Stateful
	// WillComeAgain gives before each Restore what tells, during it, how many events at most stand behind the cursor in the journal. To
	// find out means to read these, so it is asked only where there is something to take away.
	WillComeAgain(events func() int)
}

// Noticing is an Output that may have something to tell an operator although it writes.
type Noticing interface {
	Output
	// Notice returns what there is to tell, on one line and without a secret, or nothing. It is called after each Write.
	Notice() string
}

// Batch is what an output is given at once.
type Batch struct {
	// Events are in the order in which they were committed.
	Events []Event
	// Bytes is the length of all Body together.
	Bytes int
	// Lines are all Body, each with a newline behind it, in the order of Events; nil where they do not stand together, as when
	// some are given again.
	Lines []byte
}

// MaxTexts is how many texts an output may have made of each event.
const MaxTexts = 4

// Event is one log event.
type Event struct {
	// Body is what Logstash would have written, a JSON object in one line without a newline, or the document as it came
	// where Options.AsTheyCame says so.
	Body []byte
	// Texts are what Options.Texts make of the event, such as the index or topic that it goes to.
	Texts [MaxTexts][]byte
	// Time is its @timestamp as written, in nanoseconds since 1970; 0 where Body is the document as it came.
	Time int64
	// Origin says how it came, and when.
	Origin *logstash.Origin
	// ID names the event.
	ID ID
}

// ID names an event: the same whenever it is given again, and no other's in this journal or any other one.
type ID struct {
	// Journal is a random number that the journal got when it was made.
	Journal uint64
	// Record is the sequence of the commit that the event came with, Index its place there, from 0.
	Record uint64
	Index  uint32
}

// AppendText appends the 20 characters that stand for the ID, of the alphabet of base64url, as Elasticsearch's own ids
// have. Those of later events come later in the order of bytes. It never fails; the error is for encoding.TextAppender.
func (id ID) AppendText(dst []byte) ([]byte, error) {
	// 48 bits of the sequence, 30 of the place, and 42 of the journal: 20 characters of 6 bits.
	dst = append(dst, make([]byte, idLength)...)
	text := dst[len(dst)-idLength:]
	put := func(at, characters int, value uint64) {
		for i := at + characters - 1; i >= at; i-- {
			text[i] = idAlphabet[value&63]
			value >>= 6
		}
	}
	put(0, 8, id.Record)
	put(8, 5, uint64(id.Index))
	put(13, 7, id.Journal)
	return dst, nil
}

// idLength is the length of an ID's text.
const idLength = 20

// The kinds of outcomes are those of every delivery.
type (
	// Permanent is an error that trying again cannot mend.
	Permanent = delivery.Permanent
	// RetryAfter is an error of a receiver that said when to come again.
	RetryAfter = delivery.RetryAfter
	// Blocked is an error that only a person can mend. What is to be written is kept, and tried seldom.
	Blocked = delivery.Blocked
)

// ErrNotTried is the outcome of an event that an output left alone because one before it has to be tried again.
var ErrNotTried = delivery.ErrNotTried
