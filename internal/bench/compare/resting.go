package compare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/statistics"
	"github.com/logboom/logboom/internal/journal"
)

// resting is what logboom needs without load: to start, and to be there.
type resting struct {
	idle, connected   statistics.Sample // megabytes: after the start, and with so many idle connections
	connections       int
	empty, warm, cold statistics.Sample // milliseconds from the start to the first acknowledgement
}

const (
	idleConnections = 10_000
	journalSize     = 1 << 30
	// settling is how long a process is left alone before its memory counts.
	settling = 500 * time.Millisecond
)

// measureResting starts logboom with an empty journal and with a large one, from the page cache and from the disk.
func (h *harness) measureResting(ctx context.Context, probe *load.Pool) (*resting, error) {
	r := &resting{connections: min(idleConnections, descriptors())}
	large, err := h.largeJournal(ctx, probe)
	if err != nil {
		return nil, fmt.Errorf("make a large journal: %w", err)
	}
	for round := range h.options.Rounds {
		h.progress("round %d of %d: start, and %d idle connections", round+1, h.options.Rounds, r.connections)
		if err := h.measureIdle(ctx, r, probe); err != nil {
			return nil, err
		}
		for _, sample := range []struct {
			figures *statistics.Sample
			evict   bool
		}{{&r.warm, false}, {&r.cold, true}} {
			started, err := h.startOver(ctx, large, sample.evict, probe)
			if err != nil {
				return nil, err
			}
			*sample.figures = append(*sample.figures, milliseconds(started))
		}
	}
	return r, nil
}

// descriptors returns how many connections this process can hold open, and so the server, which inherits the limit.
func descriptors() int {
	const others = 200
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Max < 2*others {
		return others
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return others
	}
	return int(min(limit.Max, 1<<20)) - others
}

func (h *harness) measureIdle(ctx context.Context, r *resting, probe *load.Pool) (err error) {
	server, err := h.start(ctx, logboomOne, probe)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	r.empty = append(r.empty, milliseconds(server.started))
	if err := settle(ctx); err != nil {
		return err
	}
	idle, err := server.observe()
	if err != nil {
		return err
	}
	r.idle = append(r.idle, megabytes(idle.Peak))
	closeAll, err := load.OpenIdle(ctx, load.Options{Address: server.address, Connections: r.connections})
	if err != nil {
		return err
	}
	defer closeAll()
	if err := settle(ctx); err != nil {
		return err
	}
	connected, err := server.observe()
	if err != nil {
		return err
	}
	r.connected = append(r.connected, megabytes(connected.Peak))
	return server.awaitFirst(ctx, probe) // it still takes events
}

func settle(ctx context.Context) error { return sleep(ctx, settling) }

// sleep waits for so long, or returns why ctx ended.
func sleep(ctx context.Context, span time.Duration) error {
	select {
	case <-time.After(span):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// startOver starts logboom with a copy of a journal, for it drops what it no longer needs, and returns how long that took.
func (h *harness) startOver(ctx context.Context, large string, evict bool, probe *load.Pool) (time.Duration, error) {
	folder, err := os.MkdirTemp(h.folder, "again-")
	if err != nil {
		return 0, fmt.Errorf("make folder: %w", err)
	}
	if err := linkJournal(large, journalOf(folder)); err != nil {
		return 0, err
	}
	if evict {
		if err := evictFiles(journalOf(folder)); err != nil {
			return 0, err
		}
	}
	server, err := h.startIn(ctx, folder, logboomAny, probe)
	if err != nil {
		return 0, err
	}
	return server.started, server.stop()
}

// journalOf returns where the journal of a server in a folder is.
func journalOf(folder string) string { return filepath.Join(folder, "data", "journal") }

// linkJournal makes a journal of the same files where they are only ever cut or deleted, and of copies of the others.
func linkJournal(from, to string) error {
	if err := os.MkdirAll(to, 0o750); err != nil {
		return fmt.Errorf("copy journal: %w", err)
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("copy journal: %w", err)
	}
	for _, file := range files {
		old, copied := filepath.Join(from, file.Name()), filepath.Join(to, file.Name())
		if filepath.Ext(old) == ".segment" {
			err = os.Link(old, copied)
		} else {
			err = copyFile(old, copied)
		}
		if err != nil {
			return fmt.Errorf("copy journal: %w", err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// evictFiles asks the kernel to forget the pages of files, so that they are read from the disk again.
func evictFiles(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return fmt.Errorf("find journal: %w", err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("open journal: %w", err)
		}
		err = errors.Join(file.Sync(), unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED), file.Close())
		if err != nil {
			return fmt.Errorf("evict journal: %w", err)
		}
	}
	return nil
}

// largeJournal makes a journal of 1 GiB before its last checkpoint, as it is when something still needs what is in it: records of
// the size of a compressed window. It returns its folder.
func (h *harness) largeJournal(ctx context.Context, probe *load.Pool) (string, error) {
	h.progress("making a journal of %d MiB", journalSize>>20)
	folder := filepath.Join(h.folder, "large")
	if err := os.Mkdir(folder, 0o750); err != nil {
		return "", err
	}
	server, err := h.startIn(ctx, folder, logboomAny, probe)
	if err != nil {
		return "", err
	}
	if err := server.terminate(); err != nil {
		return "", err
	}
	j, err := journal.Open(journal.Options{
		Directory: journalOf(folder), Budget: 4 * journalSize, Reserve: 1 << 20, SegmentBytes: 64 << 20, Logger: zerolog.Nop(),
	})
	if err != nil {
		return "", err
	}
	return journalOf(folder), errors.Join(fill(j), j.Close())
}

func fill(j *journal.Journal) error {
	var last journal.Checkpoint
	found := false
	err := j.View(func(tx *journal.Tx) (err error) {
		last, found, err = tx.Checkpoint()
		return err
	})
	if err != nil || !found {
		return errors.Join(err, errors.New("no checkpoint"))
	}
	record := make([]byte, 220<<10)
	for i := range record {
		record[i] = byte(i * i >> 7)
	}
	for written := 0; written < journalSize; written += len(record) {
		if last.Sequence, err = j.Append(record); err != nil {
			return err
		}
		if written%(32<<20) < len(record) {
			if _, err := j.Sync(); err != nil {
				return err
			}
		}
	}
	if _, err := j.Sync(); err != nil {
		return err
	}
	return j.Update(func(tx *journal.Tx) error { return tx.PutCheckpoint(last) })
}
