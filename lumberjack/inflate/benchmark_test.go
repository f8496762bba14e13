package inflate

import (
	"bytes"
	stdzlib "compress/zlib"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"testing"

	"github.com/klauspost/compress/zlib"
)

const (
	benchmarkEvents = 2048
	// benchmarkFrames is how many different frames are inflated in turn, so that the processor cannot learn one by heart.
	benchmarkFrames = 8
)

// frames are compressed frames, to be inflated in turn.
type frames struct {
	streams [benchmarkFrames][]byte
	sizes   [benchmarkFrames]int
	dst     []byte
	turn    int
}

func newFrames(b *testing.B, level int) *frames {
	b.Helper()
	f := new(frames)
	for i := range f.streams {
		plain := events(benchmarkEvents, uint64(i))
		f.streams[i], f.sizes[i] = deflated(b, plain, level), len(plain)
		f.dst = make([]byte, max(len(f.dst), len(plain)))
	}
	return f
}

// next returns a stream, and a buffer that is just large enough.
func (f *frames) next() (stream, dst []byte) {
	i := f.turn % benchmarkFrames
	f.turn++
	return f.streams[i], f.dst[:f.sizes[i]]
}

func (f *frames) report(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkEvents, "ns/event")
	b.SetBytes(int64(f.sizes[0]))
}

// BenchmarkFrame inflates whole compressed frames.
func BenchmarkFrame(b *testing.B) {
	for _, level := range []int{1, 3, 6, 9} {
		f := newFrames(b, level)
		b.Run(fmt.Sprintf("level=%d/by=ours", level), f.benchmark)
		b.Run(fmt.Sprintf("level=%d/by=klauspost", level), func(b *testing.B) {
			r, err := zlib.NewReader(bytes.NewReader(f.streams[0]))
			if err != nil {
				b.Fatal(err)
			}
			f.benchmarkReader(b, r)
		})
		b.Run(fmt.Sprintf("level=%d/by=standard", level), func(b *testing.B) {
			r, err := stdzlib.NewReader(bytes.NewReader(f.streams[0]))
			if err != nil {
				b.Fatal(err)
			}
			f.benchmarkReader(b, r)
		})
	}
}

func (f *frames) benchmark(b *testing.B) {
	var d Decoder
	for b.Loop() {
		stream, dst := f.next()
		if err := d.Reset(stream); err != nil {
			b.Fatal(err)
		}
		if to, err := d.Decode(dst, 0); !errors.Is(err, io.EOF) || to != len(dst) {
			b.Fatal(to, err)
		}
	}
	f.report(b)
}

func (f *frames) benchmarkReader(b *testing.B, r io.ReadCloser) {
	var source bytes.Reader
	for b.Loop() {
		stream, dst := f.next()
		source.Reset(stream)
		if err := r.(zlib.Resetter).Reset(&source, nil); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(r, dst); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
	f.report(b)
}

// BenchmarkChecksum takes the Adler-32 of one event.
func BenchmarkChecksum(b *testing.B) {
	p := events(1, 1)
	b.Run("by=ours", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			newAdler.update(p)
		}
	})
	b.Run("by=standard", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			adler32.Checksum(p)
		}
	})
}

// BenchmarkEmptyBlocks inflates the dearest stream: of blocks with codes of their own and nothing else.
func BenchmarkEmptyBlocks(b *testing.B) {
	w := newWriter()
	for i := range 10_000 {
		w.emptyBlock(i == 9_999)
	}
	stream := w.close("")
	b.Run("by=ours", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			if _, err := inflated(stream, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=standard", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			if _, err := standard(stream); err != nil {
				b.Fatal(err)
			}
		}
	})
}
