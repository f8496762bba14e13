package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRecords reads arbitrary bytes as a segment: no panic, no memory beyond what the file has, and whatever is
// returned as a record has the sums of one.
func FuzzRecords(f *testing.F) {
	clean, _ := template(f)
	for _, segment := range segmentFiles(f, clean) {
		content, err := os.ReadFile(segment)
		if err != nil {
			f.Fatal(err)
		}
		_, salt, _ := parseSegmentName(filepath.Base(segment))
		f.Add(content, salt, uint64(1), uint64(100))
		f.Add(content[:len(content)-9], salt, uint64(50), uint64(1))
		f.Add(append(bytes.Clone(content[:500]), content[700:]...), salt, uint64(0), uint64(0))
	}
	f.Add([]byte{}, uint32(1), uint64(1), uint64(86))
	f.Fuzz(func(t *testing.T, content []byte, salt uint32, first, durable uint64) {
		scan := &scanner{file: memory(content), seed: saltSum(salt), limit: max(int64(len(content)), segmentHeaderBytes)}
		found := surveySegment(scan, 1)
		one := &surveyed{path: "x", base: 1, salt: salt, size: int64(len(content)), survey: found}
		verdict := assess([]*surveyed{one}, first%1000, durable%1000)
		checkVerdict(t, verdict, one)
		if cap(scan.buffer) > max(len(content), segmentHeaderBytes) {
			t.Fatalf("%d bytes of memory for %d", cap(scan.buffer), len(content))
		}
	})
}

// checkVerdict checks what always holds: runs follow one another in the file and in sequence.
func checkVerdict(t *testing.T, verdict *assessment, one *surveyed) {
	t.Helper()
	next, end := uint64(0), int64(segmentHeaderBytes)
	for _, r := range one.kept {
		if (next > 0 && r.first != next) || r.last < r.first || r.start < end || r.end < r.start ||
			(!r.gap && r.end > one.size+frameAlignment-1) {
			t.Fatalf("run %+v after %d", r, next)
		}
		next, end = r.last+1, r.end
	}
	if next > 0 && verdict.next != next {
		t.Fatalf("next is %d, want %d", verdict.next, next)
	}
	if verdict.next <= verdict.durable {
		t.Fatalf("next is %d, and %d is durable", verdict.next, verdict.durable)
	}
}

// memory is a file in memory that can be read.
type memory []byte

func (m memory) ReadAt(p []byte, offset int64) (int, error) {
	return bytes.NewReader(m).ReadAt(p, offset)
}
func (memory) WriteAt([]byte, int64) (int, error) { panic("written") }
func (memory) Truncate(int64) error               { panic("cut") }
func (memory) Sync() error                        { panic("synced") }
func (memory) Preallocate(int64) error            { panic("preallocated") }
func (m memory) Size() (int64, error)             { return int64(len(m)), nil }
func (memory) Close() error                       { return nil }

// FuzzPages reads arbitrary bytes as a bbolt file. What is found intact can be opened by bbolt.
func FuzzPages(f *testing.F) {
	directory := f.TempDir()
	j := open(f, small(directory))
	update(f, j, func(tx *Tx) error { return tx.PutValue("name", big(5000)) })
	closed(f, j)
	content, err := os.ReadFile(filepath.Join(directory, stateName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content, 0, byte(0))
	f.Add(content[:9000], 8200, byte(3))
	f.Fuzz(func(t *testing.T, content []byte, place int, value byte) {
		content = bytes.Clone(content)
		if place >= 0 && place < len(content) {
			content[place] ^= value
		}
		found := newPairs(true)
		pages := readPages(bytes.NewReader(content), int64(len(content)), found.add)
		if found.verdict(pages) != nil {
			return
		}
		path := filepath.Join(t.TempDir(), stateName)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := openBolt(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
	})
}
