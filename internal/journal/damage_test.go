package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const damageRecords = 75

// template makes a journal of 75 records in several segments. killed is a copy from before it was closed.
func template(t testing.TB) (clean, killed string) {
	t.Helper()
	clean, killed = t.TempDir(), t.TempDir()
	j := open(t, small(clean))
	for range damageRecords {
		fill(t, j, 1)
		synced(t, j)
	}
	copyDirectory(t, clean, killed)
	closed(t, j)
	return clean, killed
}

// salvage opens a copy of a journal after it was damaged, and checks that all but the records in lost can be read, that
// the report says so, that the damaged file is kept, and that the next start finds nothing to mend.
func salvage(t *testing.T, from string, damage func(directory string), lost ...uint64) *SalvageReport {
	t.Helper()
	directory := t.TempDir()
	copyDirectory(t, from, directory)
	damage(directory)
	j := open(t, small(directory))
	report := j.Salvage()
	if report == nil {
		t.Fatal("nothing was reported")
	}
	wantAll(t, j, 1, damageRecords, lost...)
	if report.Missing != uint64(len(lost)) || report.Records != damageRecords-uint64(len(lost)) {
		t.Fatalf("report %+v, want %d missing", report, len(lost))
	}
	if report.Directory != "" {
		if kept, err := os.ReadDir(report.Directory); err != nil || len(kept) == 0 {
			t.Fatalf("nothing is kept in %s: %v", report.Directory, err)
		}
	}
	fill(t, j, 5)
	synced(t, j)
	if j.Last() != damageRecords+5 {
		t.Fatalf("last is %d: a sequence was used again or left out", j.Last())
	}
	closed(t, j)
	j = open(t, small(directory))
	if j.Salvage() != nil {
		t.Fatalf("the second start salvaged again: %+v", j.Salvage())
	}
	wantAll(t, j, 1, damageRecords+5, lost...)
	return report
}

func TestFlippedByteOfEachFrame(t *testing.T) {
	clean, killed := template(t)
	for name, from := range map[string]string{"closed": clean, "killed": killed} {
		sequence := uint64(0)
		for _, segment := range segmentFiles(t, from) {
			for _, offset := range frames(t, segment) {
				sequence++
				if name == "killed" && sequence == damageRecords {
					continue // nothing tells it from a torn tail; see TestTornTail
				}
				if sequence%3 != 0 && sequence != 1 && sequence != damageRecords {
					continue
				}
				places := []int64{9, frameHeaderBytes}
				if sequence%15 == 0 {
					places = []int64{0, 5, 13, 17, 25}
				}
				for _, place := range places {
					report := salvage(t, from, func(directory string) {
						flip(t, filepath.Join(directory, filepath.Base(segment)), offset+place)
					}, sequence)
					if report.Directory == "" || report.Bytes == 0 {
						t.Fatalf("report %+v", report)
					}
				}
			}
		}
		if sequence != damageRecords {
			t.Fatalf("the template has %d frames", sequence)
		}
	}
}

func TestEveryByteOfASegment(t *testing.T) {
	_, killed := template(t)
	segment := segmentFiles(t, killed)[1]
	content, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	for offset := 0; offset < len(content); offset += 29 {
		directory := t.TempDir()
		copyDirectory(t, killed, directory)
		flip(t, filepath.Join(directory, filepath.Base(segment)), int64(offset))
		j := open(t, small(directory))
		got, damaged := read(t, j, 1)
		missing := uint64(0)
		if report := j.Salvage(); report != nil {
			missing = report.Missing
		}
		if uint64(len(got))+missing != damageRecords || missing > 1 || damaged > 0 {
			t.Fatalf("byte %d: %d read, %d missing", offset, len(got), missing)
		}
		closed(t, j)
	}
}

func TestDamagedSegmentHeader(t *testing.T) {
	clean, _ := template(t)
	for _, segment := range segmentFiles(t, clean) {
		for _, place := range []int64{0, 8, 12, 16, 24, 60} {
			salvage(t, clean, func(directory string) {
				flip(t, filepath.Join(directory, filepath.Base(segment)), place)
			})
		}
	}
}

// between returns the sequences of the segment with an index.
func between(t *testing.T, directory string, index int) (lost []uint64) {
	t.Helper()
	segment := segmentFiles(t, directory)[index]
	base, _, _ := parseSegmentName(filepath.Base(segment))
	for i := range frames(t, segment) {
		lost = append(lost, base+uint64(i))
	}
	return lost
}

func TestLostSegments(t *testing.T) {
	clean, killed := template(t)
	last := len(segmentFiles(t, clean)) - 1
	for _, index := range []int{0, 1, last} {
		segment := filepath.Base(segmentFiles(t, clean)[index])
		for name, damage := range map[string]func(path string) error{
			"removed":  os.Remove,
			"emptied":  func(path string) error { return os.Truncate(path, 0) },
			"zeroed":   func(path string) error { return os.WriteFile(path, make([]byte, 4096), 0o600) },
			"replaced": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("junk"), 999), 0o600) },
		} {
			t.Run(name, func(t *testing.T) {
				salvage(t, clean, func(directory string) {
					if err := damage(filepath.Join(directory, segment)); err != nil {
						t.Fatal(err)
					}
				}, between(t, clean, index)...)
			})
		}
	}
	// Two at once, and not closed.
	salvage(t, killed, func(directory string) {
		for _, segment := range segmentFiles(t, directory)[1:3] {
			if err := os.Remove(segment); err != nil {
				t.Fatal(err)
			}
		}
	}, append(between(t, killed, 1), between(t, killed, 2)...)...)
}

func TestCutSegment(t *testing.T) {
	clean, _ := template(t)
	segment := segmentFiles(t, clean)[1]
	lost := between(t, clean, 1)
	offsets := frames(t, segment)
	for i := range offsets {
		salvage(t, clean, func(directory string) {
			if err := os.Truncate(filepath.Join(directory, filepath.Base(segment)), offsets[i]+17); err != nil {
				t.Fatal(err)
			}
		}, lost[i:]...)
	}
}

// TestDamageTwice damages what was salvaged before: each start reports what is new.
func TestDamageTwice(t *testing.T) {
	clean, _ := template(t)
	directory := t.TempDir()
	copyDirectory(t, clean, directory)
	name := filepath.Base(segmentFiles(t, clean)[1])
	base := between(t, clean, 1)[0]
	path := filepath.Join(directory, name)
	lost := []uint64{}
	for _, index := range []int{2, 3, 1, 5} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(content, payload(base + uint64(index))[:8])
		flip(t, path, int64(at)+2)
		lost = append(lost, base+uint64(index))
		j := open(t, small(directory))
		if report := j.Salvage(); report == nil || report.Missing != 1 || report.Ranges[0].From != lost[len(lost)-1] {
			t.Fatalf("report %+v after %v", report, lost)
		}
		wantAll(t, j, 1, damageRecords, lost...)
		closed(t, j)
	}
}

// TestTornTail cuts and zeroes the last record, which nobody was told about, at every byte: everything before stays,
// nothing is reported, and the sequence is used again.
func TestTornTail(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, 20)
	synced(t, j)
	if err := j.Update(func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 1)
	killed := t.TempDir()
	copyDirectory(t, directory, killed)
	files := segmentFiles(t, killed)
	last := filepath.Base(files[len(files)-1])
	content, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	offsets := frames(t, files[len(files)-1])
	start := offsets[len(offsets)-1]
	end := start + frameHeaderBytes + int64(len(payload(21)))
	for cut := start; cut < end; cut++ {
		for _, zero := range []bool{false, true} {
			again := t.TempDir()
			copyDirectory(t, killed, again)
			torn := bytes.Clone(content[:cut])
			if zero {
				torn = append(torn, make([]byte, int64(len(content))-cut)...)
			}
			if err := os.WriteFile(filepath.Join(again, last), torn, 0o600); err != nil {
				t.Fatal(err)
			}
			j := open(t, small(again))
			if j.Salvage() != nil {
				t.Fatalf("cut at %d: salvaged %+v", cut-start, j.Salvage())
			}
			wantAll(t, j, 1, 20)
			fill(t, j, 2)
			synced(t, j)
			wantAll(t, j, 1, 22)
			closed(t, j)
			if again := open(t, small(again)); again.Salvage() != nil || again.Last() != 22 {
				t.Fatalf("cut at %d: %d, %+v", cut-start, again.Last(), again.Salvage())
			}
		}
	}
}

// TestDamageWhileOpen meets a flipped byte in a running journal: what is behind it can be read.
func TestDamageWhileOpen(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, damageRecords)
	synced(t, j)
	segment := segmentFiles(t, directory)[1]
	offsets := frames(t, segment)
	lost := between(t, directory, 1)
	flip(t, segment, offsets[2])
	flip(t, segment, offsets[4]+frameHeaderBytes)
	var damage *DamageError
	for _, err := range j.Records(1) {
		if err != nil && !errors.As(err, &damage) {
			t.Fatal(err)
		}
	}
	if damage == nil || !strings.Contains(damage.Error(), segment) {
		t.Fatalf("got %v", damage)
	}
	got, damaged := read(t, j, 1)
	if len(got) != damageRecords-2 || damaged != 2 || contains(got, lost[2]) || contains(got, lost[4]) {
		t.Fatalf("read %v, %d damaged", got, damaged)
	}
	closed(t, j)
	j = open(t, small(directory))
	if report := j.Salvage(); report == nil || report.Missing != 2 || len(report.Ranges) != 2 {
		t.Fatalf("report %+v", report)
	}
}

// TestPlantedFrames puts frames into payloads: after damage they must not be taken for records.
func TestPlantedFrames(t *testing.T) {
	directory := t.TempDir()
	options := small(directory)
	options.SegmentBytes = 1 << 20
	j := open(t, options)
	planted := make([]byte, 0, 6400)
	for sequence := uint64(3); sequence < 100; sequence++ {
		header := make([]byte, frameHeaderBytes)
		frame{sequence: sequence, durable: sequence - 1}.encode(header, saltSum(0))
		planted = append(planted, header...)
	}
	for range 4 {
		if _, err := j.Append(planted); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, j)
	path := segmentFiles(t, directory)[0]
	flip(t, path, frames(t, path)[1]) // the header of record 2: its payload is searched for the next frame
	j = open(t, options)
	var got []uint64
	for record, err := range j.Records(1) {
		if err != nil || !bytes.Equal(record.Payload, planted) {
			t.Fatalf("record %d: %v", record.Sequence, err)
		}
		got = append(got, record.Sequence)
	}
	if len(got) != 3 || got[1] != 3 || j.Salvage().Missing != 1 {
		t.Fatalf("read %v, report %+v", got, j.Salvage())
	}
}

func TestDamagedFormat(t *testing.T) {
	clean, _ := template(t)
	for name, damage := range map[string]func(path string) error{
		"removed": os.Remove,
		"garbled": func(path string) error { return os.WriteFile(path, []byte("\x00\x01"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			report := salvage(t, clean, func(directory string) {
				if err := damage(filepath.Join(directory, formatName)); err != nil {
					t.Fatal(err)
				}
			})
			if !report.Format {
				t.Fatalf("report %+v", report)
			}
		})
	}
}

// TestInterruptedSalvage leaves what a crash during salvage can leave.
func TestInterruptedSalvage(t *testing.T) {
	clean, _ := template(t)
	for _, name := range []string{filepath.Base(segmentFiles(t, clean)[1]), stateName} {
		half := t.TempDir()
		copyDirectory(t, clean, half)
		if err := os.WriteFile(filepath.Join(half, name+freshSuffix), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		j := open(t, small(half))
		wantAll(t, j, 1, damageRecords)
		if j.Salvage() != nil {
			t.Fatalf("%s, half written: %+v", name, j.Salvage())
		}
		whole := t.TempDir()
		copyDirectory(t, clean, whole)
		if err := os.Rename(filepath.Join(whole, name), filepath.Join(whole, name+freshSuffix)); err != nil {
			t.Fatal(err)
		}
		j = open(t, small(whole))
		wantAll(t, j, 1, damageRecords)
		if j.Salvage() != nil {
			t.Fatalf("%s, set aside: %+v", name, j.Salvage())
		}
	}
}
