package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// stateTemplate is a journal with state in every bucket; want tells whether a transaction finds all of it.
func stateTemplate(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, damageRecords)
	synced(t, j)
	update(t, j, func(tx *Tx) error {
		for number := uint64(1); number <= 60; number++ {
			data := bytes.Repeat([]byte{byte(number)}, 100)
			if err := errors.Join(tx.PutTransition(number, data), tx.PutEnds([]End{{"rule", data, int64(number)}})); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutCheckpoint(Checkpoint{damageRecords, big(150_000)}), tx.PutCursor("slack", 7, nil),
			tx.PutCursor("file", 8, big(3000)), tx.PutValue("name", []byte("value")))
	})
	closed(t, j)
	return directory
}

// wrong returns how many of the template's values are not there, and fails where one is there and wrong.
func wrong(t *testing.T, j *Journal) (missing int, checkpoint bool) {
	t.Helper()
	view(t, j, func(tx *Tx) error {
		for number := uint64(1); number <= 60; number++ {
			data := bytes.Repeat([]byte{byte(number)}, 100)
			if end, ok, _ := tx.End("rule", data); !ok {
				missing++
			} else if end != int64(number) {
				t.Fatalf("end %d is %d", number, end)
			}
		}
		found, _ := tx.Transitions(0, 100)
		for _, one := range found {
			if !bytes.Equal(one.Data, bytes.Repeat([]byte{byte(one.Number)}, 100)) {
				t.Fatalf("transition %d has wrong bytes", one.Number)
			}
		}
		missing += 60 - len(found)
		if _, last, _ := tx.TransitionNumbers(); last != 60 {
			missing++
		}
		if cursor, ok, _ := tx.Cursor("slack"); !ok {
			missing++
		} else if cursor.After != 7 {
			t.Fatalf("cursor %v", cursor)
		}
		if cursor, ok, _ := tx.Cursor("file"); !ok {
			missing++
		} else if !bytes.Equal(cursor.State, big(3000)) {
			t.Fatal("cursor has wrong bytes")
		}
		if value, ok, _ := tx.Value("name"); !ok {
			missing++
		} else if string(value) != "value" {
			t.Fatalf("value %s", value)
		}
		found2, ok, err := tx.Checkpoint()
		if ok && (found2.Sequence != damageRecords || !bytes.Equal(found2.State, big(150_000))) {
			t.Fatal("checkpoint has wrong bytes")
		}
		checkpoint = ok
		return err
	})
	return missing, checkpoint
}

// checkDamagedState opens a journal whose state was damaged: no value may be wrong, none may be missing unreported, the
// log is whole, and everything can be used.
func checkDamagedState(t *testing.T, directory, name string) {
	t.Helper()
	j := open(t, small(directory))
	missing, checkpoint := wrong(t, j)
	report := j.Salvage()
	switch {
	case report == nil && (missing > 0 || !checkpoint):
		t.Fatalf("%s: %d missing, checkpoint %v, and nothing is reported", name, missing, checkpoint)
	case report != nil && (report.State == nil || report.Missing > 0 || report.Records != damageRecords):
		t.Fatalf("%s: report %+v", name, report)
	case report != nil && !report.State.Outdated && report.State.Read > 0 && checkpoint == report.State.CheckpointLost:
		t.Fatalf("%s: checkpoint %v, report %+v", name, checkpoint, report.State)
	}
	wantAll(t, j, 1, damageRecords)
	update(t, j, func(tx *Tx) error { return tx.PutCursor("new", 1, big(10_000)) })
	fill(t, j, 1)
	closed(t, j)
	j = open(t, small(directory))
	if j.Salvage() != nil {
		t.Fatalf("%s: the second start salvaged again: %+v", name, j.Salvage().State)
	}
	closed(t, j)
}

func TestDamagedState(t *testing.T) {
	from := stateTemplate(t)
	content, err := os.ReadFile(filepath.Join(from, stateName))
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"missing":  nil,
		"empty":    {},
		"cut":      content[:len(content)/2/4096*4096],
		"cut more": content[:9000],
		"garbage":  bytes.Repeat([]byte("garbage "), 5000),
		"zeros":    make([]byte, len(content)),
		"no roots": append(make([]byte, 8192), content[8192:]...),
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			copyDirectory(t, from, directory)
			path := filepath.Join(directory, stateName)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if damaged == nil {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			checkDamagedState(t, directory, name)
		})
	}
}

// TestFlippedByteOfState flips bytes all over the file: in roots, lists, branches, leaves, keys and values.
func TestFlippedByteOfState(t *testing.T) {
	from := stateTemplate(t)
	content, err := os.ReadFile(filepath.Join(from, stateName))
	if err != nil {
		t.Fatal(err)
	}
	last, reported := 0, 0
	for offset := range content {
		// The headers and the elements stand at the beginning of a page.
		if inPage := offset % 4096; inPage < 64 && offset%7 == 0 || offset%997 == 0 && content[offset] != 0 {
			directory := t.TempDir()
			copyDirectory(t, from, directory)
			flip(t, filepath.Join(directory, stateName), int64(offset))
			checkDamagedState(t, directory, fmt.Sprint("byte ", offset))
			last++
			if entries, _ := filepath.Glob(filepath.Join(directory, damagedPrefix+"*")); len(entries) > 0 {
				reported++
			}
		}
	}
	if reported < 20 {
		t.Fatalf("only %d of %d flips were noticed", reported, last)
	}
}

// pagesOf returns the numbers of the pages of a kind in a state, in use or free.
func pagesOf(content []byte, kind uint16) (found []int) {
	for offset := 2 * os.Getpagesize(); offset+pageHeaderBytes <= len(content); offset += os.Getpagesize() {
		if binary.NativeEndian.Uint16(content[offset+8:]) == kind && content[offset+10] > 0 {
			found = append(found, offset)
		}
	}
	return found
}

// damagedCopy writes a copy of a journal with another state.
func damagedCopy(t *testing.T, from string, state []byte) string {
	t.Helper()
	directory := t.TempDir()
	copyDirectory(t, from, directory)
	if err := os.WriteFile(filepath.Join(directory, stateName), state, 0o600); err != nil {
		t.Fatal(err)
	}
	return directory
}

// TestBranchKeys damages the keys by which bbolt finds a leaf: all values are there, and bbolt would not find them.
func TestBranchKeys(t *testing.T) {
	from := stateTemplate(t)
	content, err := os.ReadFile(filepath.Join(from, stateName))
	if err != nil {
		t.Fatal(err)
	}
	pages := pagesOf(content, pageBranch)
	if len(pages) == 0 {
		t.Fatal("the template has no branches")
	}
	for _, page := range pages {
		for i := range int(content[page+10]) {
			at := page + pageHeaderBytes + i*pageElementBytes
			key := at + int(binary.NativeEndian.Uint32(content[at:]))
			for _, to := range []byte{0, 0xff} {
				damaged := bytes.Clone(content)
				damaged[key+int(binary.NativeEndian.Uint32(content[at+4:]))-1] = to
				damaged[key] = to
				checkDamagedState(t, damagedCopy(t, from, damaged), fmt.Sprintf("page %d, key %d", page, i))
			}
		}
	}
}

// TestLostPairs takes the last pair off each leaf, which leaves a file that is sound in itself.
func TestLostPairs(t *testing.T) {
	from := stateTemplate(t)
	content, err := os.ReadFile(filepath.Join(from, stateName))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pagesOf(content, pageLeaf) {
		damaged := bytes.Clone(content)
		damaged[page+10]--
		checkDamagedState(t, damagedCopy(t, from, damaged), fmt.Sprint("page ", page))
	}
}

// TestOneBadValue counts exactly.
func TestOneBadValue(t *testing.T) {
	from := stateTemplate(t)
	path := filepath.Join(from, stateName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, path, int64(bytes.LastIndex(content, bytes.Repeat([]byte{33}, 100)))+50)
	j := open(t, small(from))
	missing, checkpoint := wrong(t, j)
	state := j.Salvage().State
	if missing != 1 || !checkpoint || state.Missing != 1 || state.CheckpointLost || state.Outdated {
		t.Fatalf("%d missing, checkpoint %v, report %+v", missing, checkpoint, state)
	}
}

// TestStateDamagedWhileOpen cuts the mapped file: neither a fault nor a wrong value, and the next call mends it.
func TestStateDamagedWhileOpen(t *testing.T) {
	directory := stateTemplate(t)
	j := open(t, small(directory))
	if err := os.Truncate(filepath.Join(directory, stateName), 8192); err != nil {
		t.Fatal(err)
	}
	err := j.View(func(tx *Tx) error {
		_, err := tx.Cursors()
		return err
	})
	if !errors.Is(err, ErrStateDamaged) {
		t.Fatalf("got %v", err)
	}
	update(t, j, func(tx *Tx) error { return tx.PutValue("x", []byte("y")) })
	if report := j.Salvage(); report == nil || report.State == nil || report.Directory == "" {
		t.Fatalf("report %+v", report)
	}
	wantAll(t, j, 1, damageRecords)
	closed(t, j)
	j = open(t, small(directory))
	if j.Salvage() != nil {
		t.Fatalf("salvaged again: %+v", j.Salvage())
	}
}

// TestUpdateOnDamage writes to a file that was cut, where bbolt gives up in the middle of a commit.
func TestUpdateOnDamage(t *testing.T) {
	directory := stateTemplate(t)
	j := open(t, small(directory))
	if err := os.Truncate(filepath.Join(directory, stateName), 4096); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_ = j.Update(func(tx *Tx) error { return tx.PutValue(fmt.Sprint(i), big(200_000)) })
	}
	update(t, j, func(tx *Tx) error { return tx.PutValue("x", []byte("y")) })
}
