package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// scanBytes is how much of a segment is read at once.
const scanBytes = 256 << 10

// scanner reads frames of a segment up to a limit. Its memory is scanBytes, or the largest payload asked for.
type scanner struct {
	file  file
	seed  uint32
	limit int64
	// buffer holds the bytes of the file from offset on.
	buffer []byte
	offset int64
	// unreadable counts the bytes that the disk did not return. They read as zeros.
	unreadable int64
}

// at returns n bytes of the segment, valid until the next call. offset + n must not exceed the limit.
func (s *scanner) at(offset int64, n int) []byte {
	if offset < s.offset || offset+int64(n) > s.offset+int64(len(s.buffer)) {
		s.fill(offset, n)
	}
	return s.buffer[offset-s.offset:][:n:n]
}

// fill reads at least n bytes from offset on.
func (s *scanner) fill(offset int64, n int) {
	want := min(int64(max(n, scanBytes)), s.limit-offset)
	if int64(cap(s.buffer)) < want {
		s.buffer = make([]byte, want)
	}
	s.buffer, s.offset = s.buffer[:want], offset
	read, err := s.file.ReadAt(s.buffer, offset)
	switch {
	case int64(read) == want:
	case err == nil, errors.Is(err, io.EOF):
		clear(s.buffer[read:])
	default:
		s.fillSectors()
	}
}

// fillSectors fills the buffer piece by piece, so that a bad sector costs no more than itself.
func (s *scanner) fillSectors() {
	const sector = 4096
	for start := 0; start < len(s.buffer); start += sector {
		piece := s.buffer[start:min(start+sector, len(s.buffer))]
		read, err := s.file.ReadAt(piece, s.offset+int64(start))
		clear(piece[read:])
		if err != nil && !errors.Is(err, io.EOF) {
			s.unreadable += int64(len(piece) - read)
		}
	}
}

// header returns the frame at offset, and false where there is none that fits within the limit.
func (s *scanner) header(offset int64) (frame, bool) {
	if offset+frameHeaderBytes > s.limit {
		return frame{}, false
	}
	f, ok := decodeFrame(s.at(offset, frameHeaderBytes), s.seed)
	return f, ok && offset+frameHeaderBytes+int64(f.length) <= s.limit
}

// intact tells whether the payload of the frame at offset is what was written.
func (s *scanner) intact(offset int64, f frame) bool {
	sum, from := s.seed, offset+frameHeaderBytes
	for rest := int(f.length); rest > 0; {
		piece := s.at(from, min(rest, scanBytes))
		sum = crc32.Update(sum, castagnoli, piece)
		rest -= len(piece)
		from += int64(len(piece))
	}
	return f.gap || sum == f.payloadSum
}

// payload returns the payload of the frame at offset, valid until the next call, and false where it is damaged.
func (s *scanner) payload(offset int64, f frame) ([]byte, bool) {
	payload := s.at(offset+frameHeaderBytes, int(f.length))
	return payload, crc32.Update(s.seed, castagnoli, payload) == f.payloadSum
}

// search returns the first offset from which a frame's header can be read, and false where there is none up to the
// limit. Since a header has a sum of its own, salted, this costs one pass whatever the bytes are.
func (s *scanner) search(offset int64) (int64, bool) {
	for ; offset+frameHeaderBytes <= s.limit; offset += frameAlignment {
		magic := binary.LittleEndian.Uint32(s.at(offset, frameHeaderBytes))
		if magic != recordMagic && magic != gapMagic {
			continue
		}
		if _, ok := s.header(offset); ok {
			return offset, true
		}
	}
	return 0, false
}

// used returns where the last byte that is not zero ends, or from if all behind it are zeros.
func (s *scanner) used(from int64) int64 {
	end := from
	for offset := from; offset < s.limit; {
		piece := s.at(offset, int(min(scanBytes, s.limit-offset)))
		if n := len(bytes.TrimRight(piece, "\x00")); n > 0 {
			end = offset + int64(n)
		}
		offset += int64(len(piece))
	}
	return end
}

// run is a row of intact frames of a segment without anything between them and without a gap in their sequences; or
// one gap frame, which stands for the sequences first to last.
type run struct {
	gap         bool
	first, last uint64
	start, end  int64
	marks       []mark
}

// survey is what can be read of a segment.
type survey struct {
	runs []run
	// durable is the highest sequence that any frame or the header says was durable.
	durable uint64
	// damaged counts the bytes before, between and behind the runs, but for the zeros at the end.
	damaged int64
}

// surveySegment reads the frames of a whole segment, whatever is in it. base is the sequence it begins with.
func surveySegment(s *scanner, base uint64) survey {
	var found survey
	next := base
	for offset := int64(segmentHeaderBytes); ; {
		at, ok := s.search(offset)
		if !ok {
			found.damaged += s.used(found.end()) - found.end()
			return found
		}
		f, _ := s.header(at)
		found.durable = max(found.durable, f.durable)
		if f.sequence >= next && s.intact(at, f) {
			found.damaged += at - found.end()
			found.add(f, at, next)
			next = f.sequence + 1
		}
		// The header's own sum was right, so this is where the next frame is, even if the payload is damaged.
		offset = at + f.size()
	}
}

// end returns where the last run ends.
func (v *survey) end() int64 {
	if n := len(v.runs); n > 0 {
		return v.runs[n-1].end
	}
	return segmentHeaderBytes
}

// add appends an intact frame. next is the sequence that should follow.
func (v *survey) add(f frame, at int64, next uint64) {
	first := f.sequence
	if f.gap {
		first, v.durable = max(next, f.durable+1), max(v.durable, f.sequence)
	}
	n := len(v.runs)
	if n == 0 || f.gap || v.runs[n-1].gap || v.runs[n-1].end != at || v.runs[n-1].last+1 != first {
		v.runs = append(v.runs, run{gap: f.gap, first: first, start: at})
		n++
	}
	r := &v.runs[n-1]
	r.last, r.end = f.sequence, at+f.size()
	if m := len(r.marks); m == 0 || at-r.marks[m-1].offset >= markBytes {
		r.marks = append(r.marks, mark{first, at})
	}
}
