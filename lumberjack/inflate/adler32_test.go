package inflate

import (
	"bytes"
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

// sum takes a checksum by that way of adding blocks.
func sumBy(blocks func(sum, sums uint32, p []byte) (uint32, uint32), p []byte) uint32 {
	sum, sums := uint32(1), uint32(0)
	for len(p) >= adlerBlock {
		size := min(len(p)/adlerBlock*adlerBlock, adlerDeferred)
		sum, sums = blocks(sum, sums, p[:size])
		sum, sums, p = sum%adlerModulus, sums%adlerModulus, p[size:]
	}
	return uint32(adler(sums<<16 | sum).update(p))
}

func TestChecksumOfEachLengthAndAlignment(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	buffer := make([]byte, 700)
	for i := range buffer {
		buffer[i] = byte(random.Uint32())
	}
	for begin := range 64 {
		for length := range 601 {
			p := buffer[begin : begin+length]
			want := adler32.Checksum(p)
			if got := uint32(newAdler.update(p)); got != want {
				t.Fatalf("%d bytes from %d: %08x instead of %08x", length, begin, got, want)
			}
			if got := sumBy(sumWords, p); got != want {
				t.Fatalf("%d bytes from %d by words: %08x instead of %08x", length, begin, got, want)
			}
		}
	}
}

// TestChecksumOverflow has the largest sums there are, from the largest that a checksum can begin with.
func TestChecksumOverflow(t *testing.T) {
	ff := bytes.Repeat([]byte{0xff}, 1<<20)
	for length := range 12_000 {
		if got, want := uint32(newAdler.update(ff[:length])), adler32.Checksum(ff[:length]); got != want {
			t.Fatalf("%d bytes: %08x instead of %08x", length, got, want)
		}
	}
	const largest = adlerModulus - 1
	for _, blocks := range []func(sum, sums uint32, p []byte) (uint32, uint32){sumBlocks, sumWords} {
		p := ff[:adlerDeferred]
		wantSum, wantSums := uint64(largest), uint64(largest)
		for _, b := range p {
			wantSum += uint64(b)
			wantSums += wantSum
		}
		if sum, sums := blocks(largest, largest, p); uint64(sum) != wantSum || uint64(sums) != wantSums {
			t.Errorf("%d %d instead of %d %d", sum, sums, wantSum, wantSums)
		}
		if got, want := sumBy(blocks, ff), adler32.Checksum(ff); got != want {
			t.Errorf("1 MiB: %08x instead of %08x", got, want)
		}
	}
}

func TestChecksumOfParts(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	p := make([]byte, 50_000)
	for i := range p {
		p[i] = byte(random.Uint32()) | 0xc0
	}
	want := adler32.Checksum(p)
	for range 300 {
		got := newAdler
		for rest := p; len(rest) > 0; {
			size := min(1+int(random.ExpFloat64()*900), len(rest))
			got = got.update(rest[:size])
			rest = rest[size:]
		}
		if uint32(got) != want {
			t.Fatalf("%08x instead of %08x", uint32(got), want)
		}
	}
}
