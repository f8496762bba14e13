package pipeline

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/logboom/logboom/internal/resend"
	"github.com/logboom/logboom/rules"
)

// resends recognises events that come again, because their sender lost its connection before it was told that they are
// safe.
type resends struct {
	seed    resend.Seed
	budget  int64
	marks   *resend.Marks // the writer's; others may ask for its Stats
	hasher  atomic.Pointer[resend.Hasher]
	batches sync.Pool // of *resend.Batch
}

// ResendPaths are the fields that the rules' set must have been compiled with for resends to be recognised.
func ResendPaths() []string { return resend.Paths() }

func newResends(budget int64) *resends {
	return &resends{seed: resend.Seed(rand.Uint64()), budget: budget}
}

// marksAnew returns marks without memory, for a recovery.
func (r *resends) marksAnew() *resend.Marks {
	return resend.NewMarks(resend.Options{Seed: r.seed, Budget: r.budget})
}

// recovered takes over what recovery found, the journal's key among it.
func (r *resends) recovered(marks *resend.Marks, set *rules.Set) error {
	r.marks, r.seed = marks, marks.Seed()
	hasher, err := resend.NewHasher(r.seed, set.Selector())
	if err != nil {
		return fmt.Errorf("recognise resends: %w", err)
	}
	r.hasher.Store(&hasher) // connections go on while a repair builds everything anew
	return nil
}

// batch returns an empty batch of identities.
func (r *resends) batch() *resend.Batch {
	batch, _ := r.batches.Get().(*resend.Batch)
	if batch == nil {
		return r.hasher.Load().NewBatch()
	}
	batch.Reset()
	return batch
}

// sift finds the events of a batch that were committed before, and leaves them out. It takes back what an earlier call,
// before a commit that failed, found of the same batch.
func (p *Pipeline) sift(w *work) {
	if w.identities == nil {
		return
	}
	duplicates := p.resends.marks.Sift(w.identities)
	if duplicates == 0 {
		w.decoded.SkipNone()
	} else {
		w.decoded.Skip(w.identities.Duplicate)
	}
	if w.stored != nil {
		w.stored.resent = w.stored.resent[:0]
		for i := 0; duplicates > 0 && i < w.identities.Len(); i++ {
			if w.identities.Duplicate(i) {
				w.stored.resent = append(w.stored.resent, uint32(i))
			}
		}
	}
	w.duplicates = duplicates
}

// leftOut returns the numbers of all events that are not passed on, in order: those that could not be decoded, and those
// that came again, whose numbers count only what could be decoded.
func (s *stored) leftOut() []uint32 {
	if len(s.resent) == 0 {
		return s.skipped
	}
	all := make([]uint32, 0, len(s.skipped)+len(s.resent))
	skipped := s.skipped
	for _, number := range s.resent {
		number += uint32(len(s.skipped) - len(skipped))
		for len(skipped) > 0 && skipped[0] <= number {
			all, skipped = append(all, skipped[0]), skipped[1:]
			number++
		}
		all = append(all, number)
	}
	return append(all, skipped...)
}
