package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

const (
	segmentHeaderBytes = 64
	segmentMagic       = "LBJRNL\r\n"
	segmentSuffix      = ".segment"
	segmentPattern     = "%020d-%08x" + segmentSuffix
	freshSuffix        = ".new"
	// markBytes is how far apart the places are that are remembered for reading by sequence.
	markBytes = 256 << 10
)

// segmentHeader is the beginning of a segment. See the package comment for its bytes.
type segmentHeader struct {
	version uint32
	salt    uint32
	base    uint64
	durable uint64
	created int64
}

func (h segmentHeader) encode() []byte {
	to := make([]byte, segmentHeaderBytes)
	copy(to, segmentMagic)
	binary.LittleEndian.PutUint32(to[8:], h.version)
	binary.LittleEndian.PutUint32(to[12:], h.salt)
	binary.LittleEndian.PutUint64(to[16:], h.base)
	binary.LittleEndian.PutUint64(to[24:], h.durable)
	binary.LittleEndian.PutUint64(to[32:], uint64(h.created))
	binary.LittleEndian.PutUint32(to[60:], crc32.Checksum(to[:60], castagnoli))
	return to
}

// decodeSegmentHeader reads a header, and false where it is damaged.
func decodeSegmentHeader(from []byte) (segmentHeader, bool) {
	if string(from[:8]) != segmentMagic || binary.LittleEndian.Uint32(from[60:]) != crc32.Checksum(from[:60], castagnoli) {
		return segmentHeader{}, false
	}
	header := segmentHeader{
		version: binary.LittleEndian.Uint32(from[8:]),
		salt:    binary.LittleEndian.Uint32(from[12:]),
		base:    binary.LittleEndian.Uint64(from[16:]),
		durable: binary.LittleEndian.Uint64(from[24:]),
		created: int64(binary.LittleEndian.Uint64(from[32:])),
	}
	return header, header.base > header.durable
}

func segmentName(base uint64, salt uint32) string { return fmt.Sprintf(segmentPattern, base, salt) }

// parseSegmentName returns what a file's name says, so that a segment whose header is damaged can still be read.
func parseSegmentName(name string) (base uint64, salt uint32, ok bool) {
	if _, err := fmt.Sscanf(name, segmentPattern, &base, &salt); err != nil {
		return 0, 0, false
	}
	return base, salt, base > 0 && name == segmentName(base, salt)
}

func isSegmentName(name string) bool {
	_, _, ok := parseSegmentName(name)
	return ok
}

// segmentVersion returns the version in a segment's header, or 0 where it cannot be read.
func segmentVersion(files filesystem, path string) int {
	f, err := files.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // it was only read
	header := make([]byte, segmentHeaderBytes)
	if _, err := f.ReadAt(header, 0); err != nil {
		return 0
	}
	decoded, _ := decodeSegmentHeader(header)
	return int(decoded.version)
}

// mark is a place in a segment where a frame begins. sequence is the first that stands there or behind it.
type mark struct {
	sequence uint64
	offset   int64
}

// segment is one file of the log. Its fields are guarded by Journal.mu; path, base and seed never change.
type segment struct {
	path string
	base uint64
	seed uint32
	// last is the sequence of the last frame, base - 1 where there is none. records counts the records among them.
	last    uint64
	records uint64
	// end is where the last frame ends, limit how far the file may be written.
	end, limit int64
	marks      []mark
	// writer is open while the segment is written to, or has yet to be synced.
	writer file
}

// note remembers that a frame was added at the segment's end.
func (s *segment) note(f frame) {
	s.last = f.sequence
	if !f.gap {
		s.records++
	}
	s.mark(f.sequence, s.end)
	s.end += f.size()
}

// mark remembers where a frame begins if the last place remembered is far enough away.
func (s *segment) mark(sequence uint64, offset int64) {
	if n := len(s.marks); n == 0 || offset-s.marks[n-1].offset >= markBytes {
		s.marks = append(s.marks, mark{sequence, offset})
	}
}

// seek returns a place at or before the frame with a sequence.
func (s *segment) seek(sequence uint64) int64 {
	n := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].sequence > sequence })
	if n == 0 {
		return segmentHeaderBytes
	}
	return s.marks[n-1].offset
}

// cut forgets all behind a sequence, which ends at offset.
func (s *segment) cut(sequence uint64, offset int64) {
	if sequence < s.last {
		s.records -= min(s.records, s.last-sequence)
	}
	s.last, s.end, s.limit = sequence, offset, offset
	n := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].sequence > sequence })
	s.marks = s.marks[:n]
}

// createSegment makes a new segment for the frames from base on, with room for need bytes of frames at least and size
// at best. It syncs nothing.
func createSegment(files filesystem, directory string, base, durable uint64, size, need int64) (*segment, error) {
	salt := rand.Uint32()
	s := &segment{
		path: filepath.Join(directory, segmentName(base, salt)), base: base, seed: saltSum(salt),
		last: base - 1, end: segmentHeaderBytes,
	}
	f, err := files.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	header := segmentHeader{formatVersion, salt, base, durable, time.Now().UnixNano()}
	if s.limit, err = preallocate(f, size, segmentHeaderBytes+need); err == nil {
		_, err = f.WriteAt(header.encode(), 0)
	}
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", errors.Join(err, f.Close(), files.Remove(s.path)))
	}
	s.writer = f
	return s, nil
}

// preallocate takes room in a new file: size bytes, or less where the disk has less, but never less than need. It
// returns how much the file may hold.
func preallocate(f file, size, need int64) (int64, error) {
	for size = max(size, need); ; size = max(size/2, need) {
		err := f.Preallocate(size)
		switch {
		case err == nil, errors.Is(err, errors.ErrUnsupported):
			return size, nil
		case !isFull(err) || size == need:
			return 0, err
		}
		// A filesystem may have kept what it had taken before it ran out.
		if err := f.Truncate(0); err != nil {
			return 0, err
		}
	}
}

// isFull tells whether an error means that there is no room.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// listSegments returns the names of the segments in a directory in the order of their first sequences.
func listSegments(files filesystem, directory string) ([]string, error) {
	entries, err := files.ReadDirectory(directory)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if isSegmentName(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}

// finishRewrites ends what a crash interrupted: a rewritten file takes its name if the damaged one was set aside
// already; otherwise, and in a journal that was never complete, it may be half written and goes.
func finishRewrites(files filesystem, directory string, fresh bool) error {
	entries, err := files.ReadDirectory(directory)
	if err != nil {
		return fmt.Errorf("list segments: %w", err)
	}
	present := make(map[string]bool, len(entries))
	for _, entry := range entries {
		present[entry.Name()] = true
	}
	for name := range present {
		final, rewritten := strings.CutSuffix(name, freshSuffix)
		if !rewritten || !isSegmentName(final) && final != stateName && final != formatName {
			continue
		}
		path := filepath.Join(directory, name)
		if fresh || present[final] || final == formatName {
			err = files.Remove(path)
		} else {
			err = files.Rename(path, filepath.Join(directory, final))
		}
		if err != nil {
			return fmt.Errorf("finish salvage: %w", err)
		}
	}
	return files.SyncDirectory(directory)
}
