//go:build !race

package pipeline

// raceDetector tells that allocations can't be counted: with it, sync.Pool forgets at random.
const raceDetector = false
