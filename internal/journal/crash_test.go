package journal

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// powerLoss is the disk, and remembers what of the log a power loss would leave: of each file what was synced, and of
// what was written since any sectors, in any mixture; of each directory entry since the last sync of the directory
// either state. bbolt syncs its own file, which is taken as it is.
type powerLoss struct {
	disk
	mu sync.Mutex
	// synced holds the contents of the segments at their last sync, nil where they were never synced.
	synced map[string][]byte
	// created and removed are names that are not durable yet; removed ones with what they held.
	created map[string]bool
	removed map[string][]byte
}

func newPowerLoss() *powerLoss {
	return &powerLoss{synced: map[string][]byte{}, created: map[string]bool{}, removed: map[string][]byte{}}
}

func (p *powerLoss) OpenFile(name string, flag int, mode fs.FileMode) (file, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if flag&os.O_EXCL != 0 {
		p.created[name] = true
	}
	opened, err := p.disk.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return &powerFile{file: opened, loss: p, name: name}, nil
}

func (p *powerLoss) Remove(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.created[name] {
		p.removed[name] = p.synced[name]
	}
	delete(p.created, name)
	delete(p.synced, name)
	return p.disk.Remove(name)
}

func (p *powerLoss) SyncDirectory(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.created)
	clear(p.removed)
	return p.disk.SyncDirectory(name)
}

type powerFile struct {
	file
	loss *powerLoss
	name string
}

func (f *powerFile) Sync() error {
	f.loss.mu.Lock()
	defer f.loss.mu.Unlock()
	content, err := os.ReadFile(f.name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	f.loss.synced[f.name] = content
	return nil // the real fsync is spared: nothing pulls the plug here
}

// crash copies the directory as a power loss would leave it.
func (p *powerLoss) crash(t *rapid.T, from, to string) {
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(from, entry.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, segmentSuffix) {
			if p.created[path] && rapid.Bool().Draw(t, "name lost") {
				continue
			}
			content = mixture(t, p.synced[path], content)
		}
		p.write(t, filepath.Join(to, entry.Name()), content)
	}
	for path, content := range p.removed {
		if rapid.Bool().Draw(t, "name back") {
			p.write(t, filepath.Join(to, filepath.Base(path)), content)
		}
	}
}

func (p *powerLoss) write(t *rapid.T, path string, content []byte) {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mixture returns some sectors of before and some of after. The size is either's.
func mixture(t *rapid.T, before, after []byte) []byte {
	if bytes.Equal(before, after) {
		return after
	}
	const sector = 512
	size := len(after)
	if rapid.Bool().Draw(t, "old size") {
		size = len(before)
	}
	mixed := make([]byte, size)
	copy(mixed, before)
	for start := 0; start < len(after) && start < size; start += sector {
		end := min(start+sector, len(after), size)
		old := make([]byte, end-start)
		if start < len(before) {
			copy(old, before[start:min(end, len(before))])
		}
		if !bytes.Equal(old, after[start:end]) && rapid.Bool().Draw(t, "sector written") {
			copy(mixed[start:end], after[start:end])
		}
	}
	return mixed
}

// model is the naive journal: a list, and how much of it is durable.
type model struct {
	t         *rapid.T
	root      string
	directory string
	files     *powerLoss
	journal   *Journal
	// records holds the payload of each sequence from 1 on, durable how many were acknowledged.
	records [][]byte
	durable uint64
	cut     uint64
	lives   int
}

func (m *model) open() {
	options := small(m.directory)
	// A journal of this budget is now and then full, and cuts its newest segment, too.
	options.SegmentBytes, options.files, options.Budget = 2<<10, m.files, 40<<10
	j, err := Open(options)
	if err != nil {
		m.t.Fatalf("open: %v", err)
	}
	if j.Salvage() != nil {
		m.t.Fatalf("salvaged what was not damaged: %+v", j.Salvage())
	}
	m.journal = j
	// What was not acknowledged may be there or not, from its end on.
	if j.Durable() < m.durable || j.Durable() > uint64(len(m.records)) {
		m.t.Fatalf("durable is %d, acknowledged %d, appended %d", j.Durable(), m.durable, len(m.records))
	}
	m.records, m.durable = m.records[:j.Durable()], j.Durable()
	m.check()
}

func (m *model) check() {
	next := m.journal.First()
	if next > m.cut+1 && next > 1 && m.cut == 0 {
		m.t.Fatalf("first is %d and nothing was cut", next)
	}
	if next > max(m.cut, 1) {
		m.t.Fatalf("first is %d, cut before %d", next, m.cut)
	}
	for record, err := range m.journal.Records(1) {
		if err != nil || record.Sequence != next || !bytes.Equal(record.Payload, m.records[next-1]) {
			m.t.Fatalf("record %d instead of %d: %v", record.Sequence, next, err)
		}
		next++
	}
	if next != m.durable+1 {
		m.t.Fatalf("read up to %d, durable is %d", next-1, m.durable)
	}
}

func (m *model) append() {
	record := bytes.Repeat([]byte{byte(m.lives*31 + len(m.records))}, rapid.IntRange(0, 700).Draw(m.t, "size"))
	sequence, err := m.journal.Append(record)
	if err != nil || sequence != uint64(len(m.records)+1) {
		m.t.Fatalf("append: %d, %v", sequence, err)
	}
	m.records = append(m.records, record)
}

func (m *model) sync() {
	durable, err := m.journal.Sync()
	if err != nil || durable != uint64(len(m.records)) {
		m.t.Fatalf("sync: %d, %v", durable, err)
	}
	m.durable = durable
}

func (m *model) cutFront() {
	before := rapid.Uint64Range(0, m.durable+1).Draw(m.t, "before")
	if _, err := m.journal.Space(); err != nil {
		m.t.Fatalf("space: %v", err)
	}
	if err := m.journal.CutFront(before); err != nil {
		m.t.Fatalf("cut: %v", err)
	}
	m.cut = max(m.cut, before)
	m.check()
}

func (m *model) reopen() {
	if err := m.journal.Close(); err != nil {
		m.t.Fatalf("close: %v", err)
	}
	m.durable = uint64(len(m.records))
	m.open()
}

func (m *model) crash() {
	m.lives++
	next := filepath.Join(m.root, fmt.Sprint(m.lives))
	if err := os.Mkdir(next, 0o700); err != nil {
		m.t.Fatal(err)
	}
	m.files.crash(m.t, m.directory, next)
	m.abandon()
	m.directory, m.files = next, newPowerLoss()
	// What survived a power loss is durable.
	for _, path := range mustGlob(m.t, next) {
		content, err := os.ReadFile(path)
		if err != nil {
			m.t.Fatal(err)
		}
		m.files.synced[path] = content
	}
	m.open()
}

// abandon closes the files of a journal that had no chance to do it.
func (m *model) abandon() {
	m.journal.closeWriters()
	m.journal.state.close()
	_ = m.journal.unlock()
}

// fail makes the journal fail, and recovers it in the same process.
func (m *model) fail() {
	m.journal.mu.Lock()
	_ = m.journal.fail(os.ErrDeadlineExceeded)
	m.journal.mu.Unlock()
	if err := m.journal.Recover(); err != nil {
		m.t.Fatalf("recover: %v", err)
	}
	m.records = m.records[:m.durable]
	m.check()
}

func mustGlob(t *rapid.T, directory string) []string {
	paths, err := filepath.Glob(filepath.Join(directory, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "journal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(root)
		m := &model{t: t, root: root, directory: root, files: newPowerLoss()}
		m.directory = filepath.Join(root, "0")
		m.open()
		defer func() { m.abandon() }()
		actions := map[string]func(*rapid.T){
			"append": func(*rapid.T) { m.append() }, "append again": func(*rapid.T) { m.append() },
			"append more": func(*rapid.T) { m.append() }, "sync": func(*rapid.T) { m.sync() },
			"cut": func(*rapid.T) { m.cutFront() }, "reopen": func(*rapid.T) { m.reopen() },
			"crash": func(*rapid.T) { m.crash() }, "fail": func(*rapid.T) { m.fail() },
			"update": func(*rapid.T) {
				if err := m.journal.Update(func(*Tx) error { return nil }); err != nil {
					m.t.Fatal(err)
				}
			},
		}
		t.Repeat(actions)
	})
}
