package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/lumberjack"
)

// file writes a file for a test and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.log")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// arrived is what came of one line.
type arrived struct {
	path    string
	offset  int64
	message string
}

func (c *collector) lines(t *testing.T) []arrived {
	t.Helper()
	var lines []arrived
	for _, event := range c.all() {
		d := decode(t, event)
		lines = append(lines, arrived{d.Log.File.Path, d.Log.Offset, d.Message})
	}
	return lines
}

func TestFilesAreSentLineByLine(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	first, second, empty := file(t, "one\r\n\n\ntwo\n"), file(t, "drei\nvier"), file(t, "")
	blank := file(t, "\n\r\n")
	var latest Progress
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{first, "-", empty, blank, second}, FileOptions{
		Input:    strings.NewReader("from\nelsewhere\n"),
		Progress: func(p Progress) { latest = p },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []arrived{
		{first, 0, "one"}, {first, 7, "two"}, {"-", 0, "from"}, {"-", 5, "elsewhere"}, {second, 0, "drei"}, {second, 5, "vier"},
	}
	if lines := got.lines(t); !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
	report.Duration = 0
	if want := (Report{Events: 6, Bytes: 11 + 15 + 3 + 9, Empty: 4, Windows: 1}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	if want := (Progress{Events: 6, Bytes: 38, TotalBytes: -1}); latest != want {
		t.Errorf("progress %+v, want %+v", latest, want)
	}
}

func TestLinesOfFilesArriveAsTheyAre(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	text := rapid.StringMatching(`[^\n\r\x00]{0,200}`)
	rapid.Check(t, func(r *rapid.T) {
		got.windows = nil
		lines := rapid.SliceOfN(text, 0, 300).Draw(r, "lines")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(r, "end")
		content := strings.Join(lines, end) + rapid.SampledFrom([]string{"", end}).Draw(r, "last end")
		path := file(t, content)
		report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{path}, FileOptions{})
		if err != nil {
			r.Fatal(err)
		}
		var want []arrived
		offset := int64(0)
		for _, line := range lines {
			if line != "" {
				want = append(want, arrived{path, offset, line})
			}
			offset += int64(len(line) + len(end))
		}
		if lines := got.lines(t); !slices.Equal(lines, want) {
			r.Fatalf("lines %v, want %v", lines, want)
		}
		if report.Events != int64(len(want)) || report.Bytes != int64(len(content)) {
			r.Fatalf("report %+v, want %d events and %d bytes", report, len(want), len(content))
		}
	})
}

func TestProgressGoesToTheEnd(t *testing.T) {
	var got collector
	options := quick(start(t, got.handle))
	options.Window = 10
	client := connected(t, options)
	paths := []string{file(t, strings.Repeat("line\n", 95)), file(t, strings.Repeat("longer line\n", 100)+"\n\n")}
	var all []Progress
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), paths, FileOptions{
		Progress: func(p Progress) { all = append(all, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	total := int64(95*5 + 100*12 + 2)
	for i, p := range all {
		if p.TotalBytes != total || i > 0 && (p.Events < all[i-1].Events || p.Bytes <= all[i-1].Bytes) {
			t.Fatalf("progress %+v of %d bytes, behind %+v", p, total, all[max(i-1, 0)])
		}
	}
	if last := all[len(all)-1]; last != (Progress{195, total, total}) || len(all) != 21 {
		t.Errorf("%d times progress, the last %+v", len(all), last)
	}
	if report.Windows != 20 || report.Events != 195 || report.Bytes != total || report.Duration <= 0 {
		t.Errorf("report %+v", report)
	}
}

func TestSecondRunCountsForItself(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	path := file(t, "a\nb\n")
	for range 2 {
		report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{path}, FileOptions{})
		if err != nil || report.Events != 2 || report.Windows != 1 {
			t.Errorf("report %+v, %v", report, err)
		}
	}
}

func TestReportCountsWhatWasResent(t *testing.T) {
	var got collector
	failed := false
	got.before = func(context.Context, int) error {
		if !failed {
			failed = true
			return errors.New("not now")
		}
		return nil
	}
	options := quick(start(t, got.handle))
	options.Window, options.Pipelining = 10, 1
	client := connected(t, options)
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{file(t, strings.Repeat("x\n", 30))}, FileOptions{})
	if err != nil || report.Events != 30 || report.Resent != 10 || report.Windows != 3 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestLongLineIsSentCut(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	path := file(t, strings.Repeat("é", MaxLine)+"\nshort\n")
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{path}, FileOptions{})
	if err != nil || report.Truncated != 1 || report.Bytes != 2*MaxLine+7 {
		t.Errorf("report %+v, %v", report, err)
	}
	long, short := decode(t, got.all()[0]), decode(t, got.all()[1])
	if len(long.Message) != MaxLine || !slices.Equal(long.Log.Flags, []string{"truncated"}) {
		t.Errorf("a message of %d bytes with flags %q", len(long.Message), long.Log.Flags)
	}
	if short.Log.Offset != 2*MaxLine+1 || short.Log.Flags != nil {
		t.Errorf("the line behind it: %+v", short.Log)
	}
}

func TestWrongFilesAreNamedBeforeAnythingIsSent(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	good, folder := file(t, "line\n"), t.TempDir()
	for want, files := range map[string][]string{
		"no-such.log: no such file": {good, filepath.Join(folder, "no-such.log")},
		folder + " is a folder":     {good, folder},
	} {
		report, err := SendFiles(soon(t), client, NewAgent("vm", 1), files, FileOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || report != (Report{}) {
			t.Errorf("%+v, %v, want an error with %q", report, err, want)
		}
	}
	for _, wrong := range []float64{-1, math.NaN()} {
		if _, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{good}, FileOptions{Rate: wrong}); err == nil {
			t.Errorf("rate %v is taken", wrong)
		}
	}
	if len(got.all()) != 0 || client.Stats().Queued != 0 {
		t.Error("events were sent all the same")
	}
}

func TestWhatCameBeforeAReadErrorIsDelivered(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	broken := io.MultiReader(strings.NewReader("one\ntwo\nhal"), iotest.ErrReader(errors.New("disk is gone")))
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{"-"}, FileOptions{Input: broken})
	if err == nil || !strings.Contains(err.Error(), "read - behind byte 8: disk is gone") {
		t.Errorf("error %v", err)
	}
	if lines := got.lines(t); len(lines) != 2 || report.Events != 2 || report.Bytes != 8 {
		t.Errorf("lines %v, report %+v", lines, report)
	}
}

func TestFileThatVanishesIsNamed(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	first, second := file(t, "line\n"), file(t, "line\n")
	input, output := io.Pipe()
	go func() { // between looking at the files and opening the last one
		_, _ = io.WriteString(output, "from a pipe\n")
		_ = os.Remove(second)
		_ = output.Close()
	}()
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{first, "-", second}, FileOptions{Input: input})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), second) || report.Events != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestNamedPipeHasNoSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, []byte("a\nb\n"), 0o600) }()
	var latest Progress
	_, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{file(t, "x"), path}, FileOptions{
		Progress: func(p Progress) { latest = p },
	})
	if err = errors.Join(err, <-written); err != nil || latest != (Progress{3, 5, -1}) {
		t.Errorf("%+v, %v", latest, err)
	}
}

func TestRateIsEven(t *testing.T) {
	for _, test := range []struct {
		rate   float64
		events int
	}{{0.5, 5}, {10, 50}, {1000, 5000}, {50_000, 20_000}} {
		var got collector
		inBubble(t, got.handle, func(t *testing.T, network *pipes) {
			client := piped(t, network, DefaultOptions("pipe"))
			var content strings.Builder
			for i := range test.events {
				fmt.Fprintln(&content, i)
			}
			begun := time.Now()
			_, err := SendFiles(context.Background(), client, NewAgent("vm", 1), []string{"-"}, FileOptions{
				Rate: test.rate, Input: strings.NewReader(content.String()),
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, event := range got.all() {
				at := decode(t, event).Timestamp.Sub(begun)
				due := time.Duration(float64(i) / test.rate * float64(time.Second))
				if early := due - at; early > 12*time.Millisecond || early < -2*time.Millisecond {
					t.Fatalf("rate %v: event %d was read at %v, due at %v", test.rate, i, at, due)
				}
			}
			if len(got.all()) != test.events {
				t.Errorf("%d events, want %d", len(got.all()), test.events)
			}
		})
	}
}

func TestSendFilesEndsWithItsContext(t *testing.T) {
	var got collector
	client := connected(t, quick(start(t, got.handle)))
	for _, events := range []float64{0, 100} {
		ctx, cancel := context.WithCancel(soon(t))
		var seen atomic.Int64
		endless := readerFunc(func(p []byte) (int, error) {
			if seen.Add(1) == 3 {
				cancel()
			}
			return copy(p, "line\nline\nline\n"), nil
		})
		_, err := SendFiles(ctx, client, NewAgent("vm", 1), []string{"-"}, FileOptions{Rate: events, Input: endless})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("rate %v: %v", events, err)
		}
		cancel()
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSendFilesTakesBoundedMemory(t *testing.T) {
	var windows, bytes atomic.Int64
	options := quick(start(t, func(_ context.Context, batch *lumberjack.Batch) error {
		windows.Add(1)
		for _, event := range batch.Events {
			bytes.Add(int64(len(event)))
		}
		return nil
	}))
	options.Compression = 1
	client := connected(t, options)
	const size = 100 << 20
	long := strings.NewReader(strings.Repeat(strings.Repeat("0123456789abcdef", MaxLine/16)+"\n", size>>20))
	report, err := SendFiles(soon(t), client, NewAgent("vm", 1), []string{"-"}, FileOptions{Input: long})
	if err != nil || bytes.Load() < size || report.Windows != windows.Load() {
		t.Errorf("report %+v of %d bytes, %v", report, bytes.Load(), err)
	}
	kept := 0
	for _, w := range append(client.queue.spare, client.queue.filling) {
		kept += cap(w.plain) + cap(w.buffer)
	}
	if most := (DefaultPipelining + 1) * 3 * windowBytes; kept > most {
		t.Errorf("the client keeps %d bytes, want at most %d", kept, most)
	}
}

func BenchmarkSendFiles(b *testing.B) {
	client := connected(b, quick(start(b, func(context.Context, *lumberjack.Batch) error { return nil })))
	agent := NewAgent("vm", 1)
	content := strings.Repeat(accessLine+"\n", 100_000)
	b.ReportAllocs()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		_, err := SendFiles(soon(b), client, agent, []string{"-"}, FileOptions{Input: strings.NewReader(content)})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "events/s")
}
