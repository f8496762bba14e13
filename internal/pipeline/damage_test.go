package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// TestDamageEndsWhatWasOpen flips a byte in a record behind the one that opened an alert: what comes after it says nothing
// without it, so nobody could tell any more when the alert is over.
func TestDamageEndsWhatWasOpen(t *testing.T) {
	h := newHouse(t)
	at := time.Now()
	h.handle(burst(at, 4)...)
	h.handle(document(at, "fifth"))
	first := h.next(0)[0]
	h.handle(document(at, "sixth"))
	h.handle(document(at, "seventh"))
	h.snapshot()
	damage(t, h.folder, "sixth", 0)
	h.open()
	if h.journal.Salvage() == nil {
		t.Fatal("the journal has nothing to say of the damage")
	}
	ended := h.next(first.Number)[0]
	if ended.Reason != window.ReasonStateLost || ended.State != window.Inactive || ended.Start != first.Start || ended.Number != 2 {
		t.Fatalf("%+v", ended)
	}
	if open, _ := h.pipeline.Alerts(1); len(open) != 0 {
		t.Error("the alert is still open")
	}
	h.handle(burst(at.Add(time.Minute), 5)...)
	if again := h.next(2)[0]; again.Number != 3 || again.State != window.Active {
		t.Errorf("%+v", again)
	}
}

// A number that a sink has had is not used again, although the transition that had it is lost.
func TestDamageUsesNoNumberAgain(t *testing.T) {
	h := newHouse(t)
	h.options.Sinks = []string{"slack"}
	h.reopen()
	at := time.Now()
	h.handle(burst(at, 4)...)
	h.handle(document(at, "fifth"))
	first := h.next(0)[0]
	if err := h.pipeline.Outbox().StoreCursor("slack", sinks.Cursor{After: first.Number}); err != nil {
		t.Fatal(err)
	}
	h.handle(document(at, "sixth"))
	h.handle(document(at, "seventh"))
	h.snapshot()
	damage(t, h.folder, "fifth", 0)
	h.open()
	h.handle(burst(at.Add(time.Minute), 5)...)
	if list := h.next(first.Number); list[0].Number != first.Number+1 || list[0].State != window.Active {
		t.Errorf("%+v", list)
	}
}

// damage flips a byte at a distance from a text in the log.
func damage(t *testing.T, folder, text string, distance int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.segment"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(content, []byte(text)); i >= 0 {
			content[i+distance] ^= 0x10
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no %q in the log", text)
}

// A journal of another version is well: to start without it would end its alerts and forget its windows.
func TestJournalOfAnotherVersionIsLeftAlone(t *testing.T) {
	for name, change := range map[string]func(state []byte){
		"records":       func(state []byte) { state[0]++ },
		"older records": func(state []byte) { state[0]-- },
		"checkpoint":    func(state []byte) { engineOf(t, state)[0]++ },
		"kind":          func(state []byte) { state[1] = 99 },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.handle(burst(time.Now(), 5)...)
			before := h.next(0)[0]
			h.close()
			was := h.changeCheckpoint(change)
			if _, err := h.tryOpen(); !errors.Is(err, ErrOtherVersion) || strings.Contains(err.Error(), "damaged") {
				t.Fatalf("error %v", err)
			}
			if err := h.journal.Close(); err != nil {
				t.Fatal(err)
			}
			h.changeCheckpoint(func(state []byte) { copy(state, was) })
			h.open()
			if open, _ := h.pipeline.Alerts(1); len(open) != 1 || open[0].ID != before.ID {
				t.Errorf("open alerts %+v", open)
			}
		})
	}
}

// changeCheckpoint changes the bytes of the checkpoint of a journal that is closed, and returns what they were.
func (h *house) changeCheckpoint(change func(state []byte)) (was []byte) {
	h.Helper()
	opened, err := journal.Open(h.journalOptions())
	if err != nil {
		h.Fatal(err)
	}
	err = opened.Update(func(tx *journal.Tx) error {
		checkpoint, found, err := tx.Checkpoint()
		if err != nil || !found {
			return fmt.Errorf("checkpoint %v: %w", found, err)
		}
		was = slices.Clone(checkpoint.State)
		change(checkpoint.State)
		return tx.PutCheckpoint(checkpoint)
	})
	if err := errors.Join(err, opened.Close()); err != nil {
		h.Fatal(err)
	}
	return was
}

// engineOf returns what a checkpoint has of the engine.
func engineOf(t *testing.T, state []byte) []byte {
	t.Helper()
	decoded, err := decodeRecord(state)
	if err != nil {
		t.Fatal(err)
	}
	return decoded.engine
}

func TestStalledCommitShows(t *testing.T) {
	h := newHouse(t)
	for _, began := range []*atomic.Int64{&h.pipeline.status.appending, &h.pipeline.status.committing} {
		began.Store(time.Now().Add(-CommitDeadline - time.Second).UnixNano())
		if status := h.pipeline.Status(); status.State != StateStalled || status.Reason == "" {
			t.Errorf("%+v", status)
		}
		began.Store(0)
	}
	if status := h.pipeline.Status(); status.State != StateOK {
		t.Errorf("%+v", status)
	}
}
