package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/event"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/window"
)

// large returns an event with an identity and so many KiB.
func large(at time.Time, offset, kibibytes int) []byte {
	return fmt.Appendf(nil, `{"@timestamp":%q,"message":%q,"agent":{"id":"a"},"log":{"offset":%d,"file":{"path":"/x"}}}`,
		event.AppendTime(nil, at.UnixNano()), strings.Repeat("x", kibibytes<<10), offset)
}

// What was judged and could not be committed before the end must not be in the last checkpoint: it was not acknowledged, comes again,
// and would be taken for what it is not, a resend.
func TestStopWhileTheJournalFails(t *testing.T) {
	for name, senderIsGone := range map[string]bool{"with its sender": false, "without its sender": true} {
		t.Run(name, func(t *testing.T) {
			disk := newSmallDisk(t)
			if !disk.mounted {
				t.Skip("it takes a filesystem of its own to fill")
			}
			h := newHouseOn(t, disk, fiveInASecond())
			h.options.Resends, h.options.Outputs = true, []string{"o"}
			h.open()
			sender, leave := context.WithCancel(t.Context())
			defer leave()
			send := func(ctx context.Context, documents ...[]byte) error {
				return h.pipeline.Handle(ctx, &Batch{Source: "test", Events: documents, MayComeAgain: true})
			}
			must := func(documents ...[]byte) {
				if err := send(t.Context(), documents...); err != nil {
					t.Fatal(err)
				}
			}
			at := time.Now()
			for i := range 4 { // leaves room in the small state
				must(large(at.Add(time.Duration(i-9)*time.Hour), i, 1))
				h.reopen()
			}
			must(large(at.Add(-time.Hour), 50, 1))
			var lost [][]byte
			for i := range 5 {
				lost = append(lost, large(at, 1000+i, 400)) // together they need a new segment
			}
			disk.fill(t, 0)
			outcome := make(chan error, 1)
			go func() { outcome <- send(sender, lost...) }()
			until(t, "a failure", func() bool { return h.pipeline.Status().State == StateFailing })
			if senderIsGone {
				leave()
				if err := <-outcome; !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := h.pipeline.Close(ctx); err != nil {
				t.Fatal(err)
			}
			if !senderIsGone {
				if err := <-outcome; !errors.Is(err, ErrClosed) {
					t.Errorf("the outcome of what is not on the disk is %v", err)
				}
			}
			_ = h.journal.Close() // it may have failed
			disk.empty(t)
			h.open()
			before := h.pipeline.outbox.last()
			must(lost...)
			if got := h.pipeline.Stats().Duplicates; got != 0 {
				t.Errorf("%d events that were never committed are taken for resends", got)
			}
			if got := h.pipeline.outbox.last(); got != before+1 {
				t.Errorf("transitions %d before and %d after the events came again", before, got)
			}
		})
	}
}

// A batch that a failed commit gave back waits to be judged, so no episode may end by silence meanwhile.
func TestTimeStandsStillForABatchThatWasGivenBack(t *testing.T) {
	disk := newSmallDisk(t)
	if !disk.mounted {
		t.Skip("it takes a filesystem of its own to fill")
	}
	h := newHouseOn(t, disk, rules.Rule{Name: "r", Window: time.Second, Threshold: 5, Idle: 1500 * time.Millisecond})
	h.options.Outputs, h.reserve = []string{"o"}, 6<<20
	h.open()
	h.handle(burst(time.Now(), 5)...)
	disk.fill(t, 0)
	var more [][]byte
	for i := range 8 {
		more = append(more, large(time.Now(), i, 300))
	}
	outcome := make(chan error, 1)
	go func() { outcome <- h.pipeline.Handle(t.Context(), &Batch{Source: "test", Events: more}) }()
	until(t, "a failure", func() bool { return h.pipeline.Status().State == StateFailing })
	if err := os.Truncate(filepath.Join(disk.folder, "filler"), 0); err != nil {
		t.Fatal(err)
	}
	disk.fill(t, 5<<20) // room for a segment, and less than the reserve
	until(t, "a full journal", func() bool { return h.pipeline.Status().State == StateFull })
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // twice the silence that ends an episode
	defer cancel()
	if list, _ := h.pipeline.Outbox().Next(ctx, 1, 10); len(list) > 0 {
		t.Errorf("%q while a batch waited", list[0].Reason)
	}
	disk.empty(t)
	if err := <-outcome; err != nil {
		t.Error(err)
	}
}

// Damage that a repair meets ends what was open, as at a start, and is met once only.
func TestDamageThatARepairMeets(t *testing.T) {
	disk := newSmallDisk(t)
	if !disk.mounted {
		t.Skip("it takes a filesystem of its own to fill")
	}
	h := newHouseOn(t, disk, rules.Rule{Name: "r", Window: time.Second, Threshold: 5, Idle: time.Hour})
	h.options.Outputs = []string{"o"}
	h.open()
	h.handle(burst(time.Now(), 4)...)
	h.handle(document(time.Now(), "fifth"))
	h.handle(document(time.Now(), "sixth"))
	opened := h.next(0)[0]
	damage(t, h.folder, "fifth", 0)
	disk.fill(t, 0)
	var more [][]byte
	for i := range 8 {
		more = append(more, large(time.Now().Add(-time.Hour), i, 300))
	}
	outcome := make(chan error, 1)
	go func() { outcome <- h.pipeline.Handle(t.Context(), &Batch{Source: "test", Events: more}) }()
	until(t, "a failure", func() bool { return h.pipeline.Status().State == StateFailing })
	disk.empty(t)
	if err := <-outcome; err != nil {
		t.Fatal(err)
	}
	ended := h.next(opened.Number)[0]
	if ended.State != window.Inactive || ended.Reason != window.ReasonStateLost || ended.Start != opened.Start {
		t.Errorf("%+v", ended)
	}
	until(t, "a checkpoint behind the damage", func() bool { return h.pipeline.Stats().Checkpoints > 0 })
}

// A checkpoint that is being stored while a commit fails is counted once.
func TestCheckpointUnderWayAtAFailure(t *testing.T) {
	disk := newSmallDisk(t)
	if !disk.mounted {
		t.Skip("it takes a filesystem of its own to fill")
	}
	h := newHouseOn(t, disk, fiveInASecond())
	h.options.Outputs, h.options.Checkpoint = []string{"o"}, 1<<20
	h.open()
	h.handle(large(time.Now(), 99, 1))
	release, held := make(chan struct{}), make(chan struct{})
	viewed := make(chan error, 1)
	go func() {
		viewed <- h.journal.View(func(*journal.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	for i := range 4 {
		h.handle(large(time.Now(), i, 300)) // a checkpoint becomes due, and waits for the view
	}
	disk.fill(t, 0)
	var more [][]byte
	for i := range 6 {
		more = append(more, large(time.Now(), i, 300))
	}
	outcome := make(chan error, 1)
	go func() { outcome <- h.pipeline.Handle(t.Context(), &Batch{Source: "test", Events: more}) }()
	until(t, "a failure", func() bool { return h.pipeline.Status().State == StateFailing })
	disk.empty(t)
	close(release)
	if err := errors.Join(<-outcome, <-viewed); err != nil {
		t.Fatal(err)
	}
	until(t, "the checkpoint that is due", func() bool { return h.pipeline.Stats().Checkpoints >= 2 })
}
