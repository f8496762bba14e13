package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
)

// Record is one record of the log.
type Record struct {
	Sequence uint64
	// Payload is what was appended. It is valid until the next record is asked for, and must not be changed.
	Payload []byte
}

// Records reads the durable records with sequences from from on, in order, and ends behind the last one that is durable
// by then; whoever follows the log calls it again. It begins with the oldest where from was cut away, and goes on
// behind records that are gone: the sequences tell. A *DamageError stands for records that can no longer be read, and
// reading goes on behind them; any other error is the last.
//
// It may run while records are appended, synced and cut away. Each run of the loop holds one open file and a buffer of
// 256 KiB, or of the largest record.
func (j *Journal) Records(from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r := &reader{journal: j, next: max(from, 1), yield: yield}
		defer r.close()
		for r.step() {
		}
	}
}

// part is the durable part of a segment from some frame on.
type part struct {
	segment *segment
	offset  int64
	limit   int64
	through uint64
}

// part returns where the durable record with a sequence, or the next one after it, stands.
func (j *Journal) part(sequence uint64) (part, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	durable := j.synced
	for _, s := range j.segments {
		if s.last < sequence || s.base > durable.sequence || sequence > durable.sequence {
			continue
		}
		if s == durable.segment {
			return part{s, s.seek(sequence), durable.offset, durable.sequence}, true
		}
		return part{s, s.seek(sequence), s.end, s.last}, true
	}
	return part{}, false
}

// reader is one run of Records.
type reader struct {
	journal *Journal
	next    uint64
	yield   func(Record, error) bool
	// scan reads the file of segment.
	scan    scanner
	segment *segment
}

// step reads one part of the log and tells whether to go on.
func (r *reader) step() bool {
	p, ok := r.journal.part(r.next)
	if !ok {
		return false
	}
	if err := r.open(p); err != nil {
		if errors.Is(err, fs.ErrNotExist) && r.journal.First() > p.through {
			return true // cut away in the meantime
		}
		r.yield(Record{}, fmt.Errorf("open segment: %w", err))
		return false
	}
	return r.read(p)
}

// open makes the scanner read a part.
func (r *reader) open(p part) error {
	if r.segment != p.segment {
		r.close()
		f, err := r.journal.files.OpenFile(p.segment.path, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		r.scan.file, r.scan.seed, r.segment = f, p.segment.seed, p.segment
	}
	// What was read before ends at the limit of that time.
	r.scan.limit, r.scan.buffer = p.limit, r.scan.buffer[:0]
	return nil
}

func (r *reader) close() {
	if r.scan.file != nil {
		_ = r.scan.file.Close()
		r.scan.file, r.segment = nil, nil
	}
}

// read yields the records of a part.
func (r *reader) read(p part) bool {
	r.next = max(r.next, p.segment.base)
	for offset := p.offset; offset < p.limit; {
		f, ok := r.scan.header(offset)
		if !ok {
			if offset, ok = r.scan.search(offset); !ok {
				break
			}
			continue
		}
		if f.sequence >= r.next && !r.frame(p, f, offset) {
			return false
		}
		offset += f.size()
	}
	return r.skip(p, p.through+1)
}

// frame yields one record, and before it what is missing.
func (r *reader) frame(p part, f frame, offset int64) bool {
	if f.gap {
		r.next = f.sequence + 1
		return true
	}
	if f.sequence > p.through {
		return true
	}
	payload, ok := r.scan.payload(offset, f)
	if !ok {
		return r.skip(p, f.sequence+1)
	}
	if !r.skip(p, f.sequence) {
		return false
	}
	r.next = f.sequence + 1
	return r.yield(Record{f.sequence, payload}, nil)
}

// skip reports the records before a sequence as damaged, if there are any.
func (r *reader) skip(p part, to uint64) bool {
	if r.next >= to {
		return true
	}
	damage := &DamageError{Segment: p.segment.path, From: r.next, Through: to - 1}
	r.next = to
	return r.yield(Record{}, damage)
}
