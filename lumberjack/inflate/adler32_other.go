//go:build !amd64 || purego

package inflate

// sumBlocks adds p, whose length is a multiple of adlerBlock and at most adlerDeferred, to both sums.
func sumBlocks(sum, sums uint32, p []byte) (uint32, uint32) { return sumWords(sum, sums, p) }
