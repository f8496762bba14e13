package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"testing"
)

const fuzzLimit = 1 << 20

// seeds are streams of all kinds, whole and broken.
func seeds(f *testing.F) (streams [][]byte) {
	small := map[string][]byte{
		"": nil, "text": []byte("a man a plan a canal"), "zeros": make([]byte, 3000), "events": events(4, 5),
		"near": bytes.Repeat([]byte("abcdefg"), 200),
	}
	for _, plain := range small {
		for _, level := range []int{zlib.HuffmanOnly, zlib.NoCompression, 1, 3, 9} {
			stream := deflated(f, plain, level)
			broken := bytes.Clone(stream)
			broken[len(broken)*2/3] ^= 0x14
			streams = append(streams, stream, broken, stream[:len(stream)*3/4])
		}
	}
	w := newWriter().block(true, blockFixed).fixed('a').fixed(257).code(0, 5).fixed(285).code(0, 5).fixed(256)
	streams = append(streams, w.close("aaaa"))
	return append(streams, newWriter().dynamic(lengths(258, codesOf), []uint8{1}).
		code(0, 1).code(3, 2).code(0, 1).code(2, 2).close("aaaa"))
}

// wantsDictionary says whether it is a stream for a preset dictionary, which compress/zlib takes if the dictionary is empty.
func wantsDictionary(stream []byte) bool { return len(stream) >= 2 && stream[1]&0x20 != 0 }

// FuzzAgainstStandard inflates what comes, and the same deflated and then damaged, and compares with compress/zlib: both
// agree whether it is right; then on all bytes; if not, what the other gave before its error begins what we give. (We may
// give more of a truncated stream, as the other asks for more bits at once than a code has.)
func FuzzAgainstStandard(f *testing.F) {
	for i, stream := range seeds(f) {
		f.Add(stream, uint8(i%12), uint16(i*7), uint8(i%3))
	}
	f.Fuzz(func(t *testing.T, data []byte, level uint8, at uint16, change uint8) {
		agree(t, data)
		stream := deflated(t, data, int(level%12)-2)
		stream[int(at)%len(stream)] ^= change
		agree(t, stream)
		if len(data) >= 2 {
			agree(t, append([]byte{0x78, 0x9c}, data[2:]...)) // whatever the header was
		}
	})
}

func agree(t *testing.T, stream []byte) {
	t.Helper()
	if wantsDictionary(stream) {
		return
	}
	got, err := inflated(stream, fuzzLimit)
	want, wantErr := standard(stream)
	switch {
	case len(want) > fuzzLimit:
		if len(got) != fuzzLimit || !bytes.Equal(got, want[:fuzzLimit]) {
			t.Fatalf("compress/zlib gives more than %d bytes, we give %d, %v", fuzzLimit, len(got), err)
		}
	case (err == nil) != (wantErr == nil):
		t.Fatalf("compress/zlib: %v, we: %v", wantErr, err)
	case err == nil && len(got) != len(want), !bytes.HasPrefix(got, want):
		t.Fatalf("compress/zlib gives %d bytes (%v), we give %d (%v)", len(want), wantErr, len(got), err)
	case wantErr != nil && !errors.Is(wantErr, io.ErrUnexpectedEOF) && len(got) != len(want):
		t.Fatalf("compress/zlib gives %d bytes before %v, we give %d", len(want), wantErr, len(got))
	}
}

// FuzzPieces inflates into pieces of any size, in a buffer that is moved now and then so that only the last MaxDistance
// bytes are left, and with guards around it that must stay. All comes out as at once.
func FuzzPieces(f *testing.F) {
	for _, stream := range seeds(f) {
		f.Add(stream, []byte{1, 7, 0, 255, 3, 90, 128})
	}
	f.Add(deflated(f, events(60, 3), 6), []byte{255, 254, 253, 30})
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		const limit, smallPieces = 1 << 17, 1000
		want, wantErr := inflated(stream, limit)
		var d Decoder
		err := d.Reset(stream)
		var got, dst []byte
		to := 0
		for turn := 0; err == nil && len(got) < limit; turn++ {
			size := 64
			if len(sizes) > 0 {
				size = int(sizes[turn%len(sizes)])
			}
			if size >= 128 {
				size = (size - 127) * 131
			}
			if turn > smallPieces {
				size = max(size, 1000) // so that it ends
			}
			size = min(size, limit-len(got))
			from := to
			dst, from = moved(dst[:from], size, turn%3 == 0)
			to, err = d.Decode(dst, from)
			if err == nil && to != len(dst) {
				t.Fatalf("%d bytes of room left, and no error", len(dst)-to)
			}
			for i, guard := range dst[len(dst):cap(dst)] {
				if guard != 0xa5 {
					t.Fatalf("wrote %d bytes behind dst", i+1)
				}
			}
			got = append(got, dst[from:to]...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes in pieces, %d at once", len(got), len(want))
		}
		switch {
		case errors.Is(err, io.EOF) && wantErr == nil, len(got) == limit:
		case err == nil || wantErr == nil || err.Error() != wantErr.Error():
			t.Fatalf("%v in pieces, %v at once", err, wantErr)
		}
	})
}

// moved returns a buffer with room for size more bytes behind what is there, or behind the last MaxDistance bytes of it,
// and with guards in its capacity.
func moved(dst []byte, size int, shortened bool) (larger []byte, from int) {
	if shortened && len(dst) > MaxDistance {
		dst = dst[len(dst)-MaxDistance:]
	}
	const guards = 400
	larger = append(append(make([]byte, 0, len(dst)+size+guards), dst...), bytes.Repeat([]byte{0xa5}, size+guards)...)
	return larger[:len(dst)+size], len(dst)
}
