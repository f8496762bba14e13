package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if directory := os.Getenv(childVariable); directory != "" {
		child(directory)
		return
	}
	goleak.VerifyTestMain(m)
}

// small are options under which a few records fill a segment.
func small(directory string) Options {
	return Options{Directory: directory, SegmentBytes: 4 << 10, Budget: 1 << 30, Reserve: 1, Logger: zerolog.Nop()}
}

func open(t testing.TB, options Options) *Journal {
	t.Helper()
	j, err := Open(options)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// payload is a record that says its sequence, with a length that depends on it.
func payload(sequence uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, sequence), bytes.Repeat([]byte{0xa5}, int(sequence*37%301))...)
}

func fill(t testing.TB, j *Journal, count int) {
	t.Helper()
	for range count {
		sequence, err := j.Append(payload(j.Last() + 1))
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		if sequence != j.Last() {
			t.Fatalf("append returned %d, last is %d", sequence, j.Last())
		}
	}
}

func synced(t testing.TB, j *Journal) {
	t.Helper()
	durable, err := j.Sync()
	if err != nil {
		t.Fatalf("sync: %v", err)
	}
	if durable != j.Last() || j.Durable() != durable {
		t.Fatalf("sync returned %d, durable is %d, last is %d", durable, j.Durable(), j.Last())
	}
}

func closed(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// read returns the sequences that can be read, after checking each payload, and counts what is reported as damaged.
func read(t testing.TB, j *Journal, from uint64) (sequences []uint64, damaged uint64) {
	t.Helper()
	for record, err := range j.Records(from) {
		var damage *DamageError
		if errors.As(err, &damage) {
			damaged += damage.Through - damage.From + 1
			continue
		}
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if !bytes.Equal(record.Payload, payload(record.Sequence)) {
			t.Fatalf("record %d has wrong bytes", record.Sequence)
		}
		sequences = append(sequences, record.Sequence)
	}
	return sequences, damaged
}

// wantAll checks that exactly the sequences from first to last can be read, but for some.
func wantAll(t testing.TB, j *Journal, first, last uint64, but ...uint64) {
	t.Helper()
	got, damaged := read(t, j, 1)
	var want []uint64
	for sequence := first; sequence <= last; sequence++ {
		if !contains(but, sequence) {
			want = append(want, sequence)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("read %v, want %v", got, want)
	}
	if damaged > 0 {
		t.Fatalf("%d records are reported as damaged", damaged)
	}
}

func contains(list []uint64, wanted uint64) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

func segmentFiles(t testing.TB, directory string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(directory, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func copyDirectory(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func flip(t testing.TB, path string, offset int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	one := make([]byte, 1)
	if _, err := f.ReadAt(one, offset); err != nil {
		t.Fatal(err)
	}
	one[0] ^= 0x40
	if _, err := f.WriteAt(one, offset); err != nil {
		t.Fatal(err)
	}
}

// frames returns where the frames of a segment stand, read with nothing of what is tested but the layout.
func frames(t testing.TB, path string) (offsets []int64) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for offset := int64(segmentHeaderBytes); offset+frameHeaderBytes <= int64(len(content)) && content[offset] == 0xd7; {
		offsets = append(offsets, offset)
		length := int64(binary.LittleEndian.Uint32(content[offset+8:]))
		offset += frameHeaderBytes + (length+7)/8*8
	}
	return offsets
}
