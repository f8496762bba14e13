package pipeline

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/logboom/logboom/internal/resend"
	"github.com/logboom/logboom/rules"
)

// Batch is what a source hands over at once: it is committed as a whole or not at all.
type Batch struct {
	// Source names the kind of source, such as "lumberjack", Peer the other end, for messages and dead letters.
	Source string
	Peer   string
	// Events are JSON documents as they came. They stay the caller's and must not change until Handle returns.
	Events [][]byte
	// Parts are the same events as a source has them that got them compressed, in order and with all of them. None stands
	// for one part of all Events.
	Parts []Part
	// TLS is what a handshake told about a sender that was asked for its certificate, or nil.
	TLS *TLS
	// MayComeAgain says that the sender sends events again that it was not told of, so that they have to be recognised.
	MayComeAgain bool
	// Rejected are events that the source had to refuse. They are set aside as dead letters before the batch is
	// acknowledged.
	Rejected []Rejected
	// Positions are how far the batch brings a source that can be read again. They are part of the batch's commit.
	Positions []Position
	// Received is when the batch was complete. The zero time stands for now.
	Received time.Time
}

// Rejected is the beginning of an event that a source did not take whole.
type Rejected struct {
	Prefix []byte
	Length int64
	Reason string
}

// Position is a place in a partition: everything up to and including Offset is in the journal.
type Position struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Epoch     int32  `json:"epoch"`
}

// DeadLetter is an event that could not be taken as one.
type DeadLetter struct {
	Time     time.Time
	Source   string
	Peer     string
	Reason   string
	Document []byte
	// Length is the event's length in bytes, which is more than Document's where only its beginning was kept.
	Length int64
}

// Acknowledge says when a batch is acknowledged.
type Acknowledge uint8

const (
	// AckDurable acknowledges after the batch's commit is on disk. Nothing that was acknowledged can be lost.
	AckDurable Acknowledge = iota
	// AckMemory acknowledges after the batch was judged. A crash may lose the last moments; alerts already decided and
	// on disk are not affected.
	AckMemory
)

// The stages of a work. It goes from queued to taken and, when a commit failed, back.
const (
	stageQueued int32 = iota
	stageTaken
	stageAbandoned
)

// work is a batch on its way through the writer.
type work struct {
	decoded   *rules.Batch
	positions []Position
	received  time.Time
	stored    *stored // nil where no output wants the events
	// identities tell which events came before, nil where they cannot; duplicates is how many did.
	identities *resend.Batch
	duplicates int
	stage      atomic.Int32
	// observed is set once the writer has judged it for the first time.
	observed bool
	done     chan error
}

// skip makes an event one that is not passed on. Events are skipped in their order.
func (w *work) skip(number int) {
	if w.stored != nil {
		w.stored.skipped = append(w.stored.skipped, uint32(number))
	}
}

// wait returns the batch's outcome. A batch whose sender has gone is taken back where the writer has not judged it yet;
// one that was judged is waited for, since its commit cannot be taken back.
func (w *work) wait(ctx context.Context, stopped <-chan struct{}) error {
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return w.abandon(context.Cause(ctx))
	case <-stopped:
		return w.abandon(ErrClosed)
	}
}

func (w *work) abandon(cause error) error {
	for {
		if w.stage.CompareAndSwap(stageQueued, stageAbandoned) {
			return cause
		}
		select {
		case err := <-w.done:
			return err
		case <-time.After(abandonInterval):
		}
	}
}

// abandonInterval is how often a batch whose sender has gone looks whether a failed commit gave it back.
const abandonInterval = 100 * time.Millisecond
