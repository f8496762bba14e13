package shipper

import (
	"math"
	"strconv"
	"testing"
	"time"
)

func TestNumbersAreQuietAndThenABurst(t *testing.T) {
	var elapsed time.Duration
	next := 1
	for wait, line := range Numbers(1) {
		elapsed += wait
		if line != strconv.Itoa(next) {
			t.Fatalf("line %q, want %d", line, next)
		}
		want := time.Duration(next-1) * time.Second
		if next > 101 {
			want = 100*time.Second + time.Duration(next-101)*10*time.Millisecond
		}
		if elapsed != want {
			t.Fatalf("line %s comes at %v, want %v", line, elapsed, want)
		}
		next++
	}
	if next != 201 {
		t.Errorf("%d lines, want 200", next-1)
	}
}

func TestNumbersGoFaster(t *testing.T) {
	for speed, want := range map[float64]time.Duration{
		10: 10_099 * time.Millisecond, 0.5: 201_980 * time.Millisecond,
		0: 100_990 * time.Millisecond, -1: 100_990 * time.Millisecond, math.NaN(): 100_990 * time.Millisecond,
		math.Inf(1): 0,
	} {
		var elapsed time.Duration
		for wait := range Numbers(speed) {
			elapsed += wait
		}
		if elapsed != want {
			t.Errorf("speed %v takes %v, want %v", speed, elapsed, want)
		}
	}
}

func TestNumbersCanBeLeft(t *testing.T) {
	count := 0
	for range Numbers(1) {
		if count++; count == 3 {
			break
		}
	}
	if count != 3 {
		t.Errorf("%d lines after leaving at the third", count)
	}
}
