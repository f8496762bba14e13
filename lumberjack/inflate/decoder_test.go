package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"unsafe"

	klauspost "github.com/klauspost/compress/zlib"
)

// deflated compresses with compress/zlib.
func deflated(t testing.TB, plain []byte, level int) []byte {
	t.Helper()
	var stream bytes.Buffer
	w, err := zlib.NewWriterLevel(&stream, level)
	return written(t, &stream, w, err, plain)
}

// deflatedByKlauspost compresses with the encoder that Beats have, which makes other blocks.
func deflatedByKlauspost(t testing.TB, plain []byte, level int) []byte {
	t.Helper()
	var stream bytes.Buffer
	w, err := klauspost.NewWriterLevel(&stream, level)
	return written(t, &stream, w, err, plain)
}

func written(t testing.TB, stream *bytes.Buffer, w io.WriteCloser, err error, plain []byte) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return stream.Bytes()
}

func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	skewed := make([]byte, 200_000)
	for i := range skewed {
		skewed[i] = byte(random.ExpFloat64() * 8)
	}
	near := make([]byte, 0, 200_000) // all short distances and all lengths
	for len(near) < 199_000 {
		pattern := noise[:1+random.IntN(20)]
		near = append(near, noise[random.IntN(100_000):][:random.IntN(20)]...)
		near = append(near, bytes.Repeat(pattern, 2+random.IntN(400)/len(pattern))...)
	}
	return map[string][]byte{
		"empty":  nil,
		"one":    []byte("x"),
		"zeros":  make([]byte, 10<<20),
		"noise":  noise,
		"skewed": skewed,
		"near":   near,
		"events": events(300, 1),
	}
}

func TestRoundTrip(t *testing.T) {
	compressors := map[string]func(testing.TB, []byte, int) []byte{
		"compress/zlib": deflated, "klauspost": deflatedByKlauspost,
	}
	var d Decoder
	for name, plain := range samples() {
		dst := make([]byte, len(plain))
		for compressor, compress := range compressors {
			for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
				clear(dst)
				if err := d.Reset(compress(t, plain, level)); err != nil {
					t.Fatal(err)
				}
				to, err := d.Decode(dst, 0) // which has no byte to spare
				if !errors.Is(err, io.EOF) || !bytes.Equal(dst[:to], plain) {
					t.Errorf("%s by %s at level %d: %d of %d, %v", name, compressor, level, to, len(plain), err)
				}
			}
		}
	}
}

// TestPieces inflates piece by piece, always into the same small buffer, which begins with the last MaxDistance bytes.
func TestPieces(t *testing.T) {
	var d Decoder
	for name, plain := range samples() {
		plain = plain[:min(len(plain), 1<<20)]
		stream := deflated(t, plain, 6)
		for _, piece := range []int{1, 7, 258, 4096, 40_000} {
			if err := d.Reset(stream); err != nil {
				t.Fatal(err)
			}
			got, err := pieces(&d, make([]byte, 0, 4*MaxDistance), piece, make([]byte, 0, len(plain)))
			if !errors.Is(err, io.EOF) || !bytes.Equal(got, plain) {
				t.Errorf("%s by %d: %d of %d, %v", name, piece, len(got), len(plain), err)
			}
		}
	}
}

// pieces appends all that the Decoder gives to got.
func pieces(d *Decoder, dst []byte, piece int, got []byte) ([]byte, error) {
	for {
		from := len(dst)
		if from+piece > cap(dst) {
			from = copy(dst[:MaxDistance], dst[from-MaxDistance:])
		}
		to, err := d.Decode(dst[:from+piece], from)
		dst = dst[:to]
		got = append(got, dst[from:]...)
		if err != nil {
			return got, err
		}
	}
}

// TestRoom takes exactly as much as there is room for, whatever is to come, and needs the history it refers to.
func TestRoom(t *testing.T) {
	var d Decoder
	if err := d.Reset(deflated(t, make([]byte, 10<<20), 9)); err != nil {
		t.Fatal(err)
	}
	dst := bytes.Repeat([]byte{1}, 100_000)
	at := 0
	for _, room := range []int{0, 1, 0, 1000, 257, 258, 259, 1 << 16} {
		to, err := d.Decode(dst[:at+room], at)
		if to != at+room || err != nil || bytes.ContainsRune(dst[:to], 1) || dst[to] != 1 {
			t.Errorf("%d bytes of room: %d, %v", room, to-at, err)
		}
		at = to
	}
	if _, err := d.Decode(dst, 0); !errors.Is(err, errDistance) {
		t.Errorf("without what came before: %v", err)
	}
}

// TestEndWithoutRoom ends a stream in whatever two parts of its room: the second Decode returns io.EOF at once, also where
// all that it writes is the rest of a match.
func TestEndWithoutRoom(t *testing.T) {
	var d Decoder
	for _, plain := range [][]byte{bytes.Repeat([]byte("z"), 700), []byte("once and once and once"), events(1, 2)} {
		stream := deflated(t, plain, 6)
		for size := range plain {
			if err := d.Reset(stream); err != nil {
				t.Fatal(err)
			}
			dst := make([]byte, len(plain))
			if to, err := d.Decode(dst[:size], 0); to != size || err != nil {
				t.Fatalf("%d, %v instead of %d", to, err, size)
			}
			if to, err := d.Decode(dst, size); to != len(plain) || !errors.Is(err, io.EOF) || !bytes.Equal(dst, plain) {
				t.Fatalf("%d, %v instead of %d", to, err, len(plain))
			}
		}
	}
}

// TestResetWithin begins a stream within a match, and within a stored block, of another one.
func TestResetWithin(t *testing.T) {
	var d Decoder
	dst := make([]byte, 1000)
	for _, level := range []int{0, 6} {
		for _, stream := range [][]byte{deflated(t, make([]byte, 500), level), deflated(t, []byte("good"), 6)} {
			if err := d.Reset(stream); err != nil {
				t.Fatal(err)
			}
			if to, err := d.Decode(dst[:300], 0); to == 300 != (err == nil) || err != nil && string(dst[:to]) != "good" {
				t.Errorf("%q, %v", dst[:to], err)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	plain := events(200, 4)
	for name, stream := range map[string][]byte{
		"coded": deflated(t, plain, 3), "stored": deflated(t, plain, 0), "fixed": deflated(t, plain[:30], 3),
	} {
		var d Decoder
		dst := make([]byte, len(plain))
		allocations := testing.AllocsPerRun(20, func() {
			if err := d.Reset(stream); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Decode(dst, 0); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			d.Forget()
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(Decoder{}); size > 13<<10 {
		t.Errorf("%d bytes", size)
	}
}
