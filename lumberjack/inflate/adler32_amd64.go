//go:build !purego

package inflate

import "golang.org/x/sys/cpu"

// sumBlocks adds p, whose length is a multiple of adlerBlock and at most adlerDeferred, to both sums.
func sumBlocks(sum, sums uint32, p []byte) (uint32, uint32) {
	if cpu.X86.HasAVX2 {
		return sumAVX2(sum, sums, p)
	}
	return sumWords(sum, sums, p)
}

// sumAVX2 is sumBlocks for processors with AVX2. It is assembly since the compiler has no vector instructions, and the
// checksum would otherwise be a third of what inflating costs. It reads p and nothing else, and writes no memory.
//
//go:noescape
func sumAVX2(sum, sums uint32, p []byte) (newSum, newSums uint32)
