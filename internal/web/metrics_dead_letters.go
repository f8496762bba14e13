package web

import "github.com/logboom/logboom/internal/deadletter"

var deadLetterMetrics = metrics[deadletter.Stats]{
	counter("dead_letters_written_total", "Dead letters written.",
		func(s deadletter.Stats) uint64 { return s.Letters }),
	counter("dead_letters_written_bytes_total", "Bytes of the dead letters written.",
		func(s deadletter.Stats) uint64 { return s.Bytes }),
	counter("dead_letters_removed_total", "Dead letters removed because their store was full.",
		func(s deadletter.Stats) uint64 { return s.RemovedLetters }),
	counter("dead_letters_removed_segments_total", "Files of dead letters removed because their store was full.",
		func(s deadletter.Stats) uint64 { return s.RemovedSegments }),
	counter("dead_letters_write_failures_total", "Writes of dead letters that failed.",
		func(s deadletter.Stats) uint64 { return s.Failures }),
	gauge("dead_letters_size_bytes", "What dead letters take of the disk.",
		func(s deadletter.Stats) float64 { return float64(s.Size) }),
	gauge("dead_letters_segments", "Files of dead letters.",
		func(s deadletter.Stats) float64 { return float64(s.Segments) }),
}
