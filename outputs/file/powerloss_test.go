package file

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/logboom/logboom/internal/appendfile"
)

// fragile is the disk, and remembers what of it a power failure would leave: of the names in the folder those at its last
// fsync and any that were changed later, in the order of the changes; of each file what was fsynced, and of what was
// written later as much as it happens to be, or zeros in its place.
type fragile struct {
	quick

	nodes  map[string]*node // by name, as of now
	synced map[string]*node // by name, as of the last fsync of the folder
	since  []map[string]*node
}

// node is a file, whatever it is called.
type node struct{ now, synced []byte }

func newFragile() *fragile {
	return &fragile{nodes: map[string]*node{}, synced: map[string]*node{}}
}

// renamed takes note of a change of names.
func (f *fragile) renamed(change func()) {
	change()
	f.since = append(f.since, maps.Clone(f.nodes))
}

func (f *fragile) OpenFile(name string, flag int, mode fs.FileMode) (appendfile.Handle, error) {
	handle, err := f.quick.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	if f.nodes[name] == nil {
		f.renamed(func() { f.nodes[name] = &node{} })
	}
	if flag&os.O_TRUNC != 0 {
		f.nodes[name].now = nil
	}
	return &fragileHandle{handle, f.nodes[name]}, nil
}

func (f *fragile) Rename(from, to string) error {
	f.renamed(func() {
		f.nodes[to] = f.nodes[from]
		delete(f.nodes, from)
	})
	return f.quick.Rename(from, to)
}

func (f *fragile) Remove(name string) error {
	f.renamed(func() { delete(f.nodes, name) })
	return f.quick.Remove(name)
}

func (f *fragile) SyncFolder(string) error {
	f.synced, f.since = maps.Clone(f.nodes), nil
	return nil
}

type fragileHandle struct {
	appendfile.Handle
	node *node
}

func (h *fragileHandle) Write(p []byte) (int, error) {
	written, err := h.Handle.Write(p)
	h.node.now = append(h.node.now, p[:written]...)
	return written, err
}

func (h *fragileHandle) Truncate(size int64) error {
	h.node.now = bytes.Clone(h.node.now[:size])
	return h.Handle.Truncate(size)
}

func (h *fragileHandle) Sync() error {
	h.node.synced = bytes.Clone(h.node.now)
	return nil
}

// fail makes a folder what a power failure leaves, and returns the disk on which that is all there is.
func (f *fragile) fail(t *testing.T, random *rand.Rand, folder string) *fragile {
	t.Helper()
	names := f.synced
	if kept := random.IntN(len(f.since) + 1); kept > 0 {
		names = f.since[kept-1]
	}
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, entry := range entries {
		must(t, os.Remove(filepath.Join(folder, entry.Name())))
	}
	after := newFragile()
	for name, file := range names {
		left := file.left(random)
		must(t, os.WriteFile(name, left, 0o600))
		after.nodes[name] = &node{now: left, synced: left}
	}
	after.synced = maps.Clone(after.nodes)
	return after
}

// left returns what of a file is left.
func (n *node) left(random *rand.Rand) []byte {
	if !bytes.HasPrefix(n.now, n.synced) { // it was cut, and that may be lost
		if random.IntN(2) == 0 {
			return bytes.Clone(n.synced)
		}
		return bytes.Clone(n.now)
	}
	left := bytes.Clone(n.now[:len(n.synced)+random.IntN(len(n.now)-len(n.synced)+1)])
	if random.IntN(3) == 0 { // the length came to disk, and what was written did not
		clear(left[len(n.synced)+random.IntN(len(left)-len(n.synced)+1):])
	}
	return left
}

// A power failure at any operation, and others while that is put right, leave each event once.
func TestPowerFailures(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rounds, failures := 1500, 0
	if testing.Short() {
		rounds = 150
	}
	for round := range rounds {
		variant := round % len(killedOptions("", nil))
		folder, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		path := filepath.Join(folder, "events.ndjson")
		disk := newFragile()
		var l ledger
		for range 5 {
			life := &mortal{FileSystem: disk, left: 1 + random.IntN(1+random.IntN(250)), part: part(random.IntN(3))}
			err := live(killedOptions(path, life)[variant], &l)
			if err == nil {
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatalf("round %d: %v", round, err)
			}
			failures++
			disk = disk.fail(t, random, folder)
		}
		must(t, live(killedOptions(path, disk)[variant], &l))
		expectNumbered(t, path)
		must(t, os.RemoveAll(folder))
	}
	t.Logf("%d power failures", failures)
}
