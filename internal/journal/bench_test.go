package journal

import (
	"fmt"
	"testing"
)

// BenchmarkCommit appends one record and syncs it, as a single connection does. 121 KB are 2048 events.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{2000, 121_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := benchmarked(b)
			record := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := j.Append(record); err != nil {
					b.Fatal(err)
				}
				if _, err := j.Sync(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppend appends without waiting for the disk; the syncs in between are not counted.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{2000, 121_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := benchmarked(b)
			record, written := make([]byte, size), 0
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := j.Append(record); err != nil {
					b.Fatal(err)
				}
				if written += size; written > 32<<20 {
					b.StopTimer()
					synced(b, j)
					if err := j.CutFront(j.Last()); err != nil {
						b.Fatal(err)
					}
					written = 0
					b.StartTimer()
				}
			}
		})
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, size := range []int{2000, 121_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := benchmarked(b)
			record := make([]byte, size)
			const total = 64 << 20
			for range total / size {
				if _, err := j.Append(record); err != nil {
					b.Fatal(err)
				}
			}
			synced(b, j)
			b.SetBytes(total)
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range j.Records(1) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkUpdateCursor(b *testing.B) {
	j := benchmarked(b)
	b.ReportAllocs()
	number := uint64(0)
	for b.Loop() {
		number++
		if err := j.Update(func(tx *Tx) error { return tx.PutCursor("slack", number, nil) }); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarked(b *testing.B) *Journal {
	options := small(b.TempDir())
	options.SegmentBytes = 64 << 20
	return open(b, options)
}
