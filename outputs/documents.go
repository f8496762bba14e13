package outputs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack/inflate"
)

const (
	// chunkSize is how much is inflated into one piece of memory, unless an event is larger.
	chunkSize = 1 << 20
	// inflatedAtOnce is how much is inflated before its events are looked at: they are in the processor's cache then.
	inflatedAtOnce = 64 << 10
	// frameHeader is what comes before an event in a Lumberjack JSON frame: version, type, sequence and length.
	frameHeader = 10
	// largestEvent is more than any limit on events, so that a damaged length takes no memory.
	largestEvent = 128 << 20
)

// errDocuments says that the events of a record cannot be read, although its sums were right.
var errDocuments = errors.New("events of a record cannot be read")

// documents reads the events of records, inflating what is compressed. Not safe for concurrent use.
type documents struct {
	decoder inflate.Decoder
	chunk   []byte
	start   int // of what was inflated and not taken yet
	end     int
	ended   bool
}

// each calls yield with every event of a part, in order. The event is valid until yield returns. It ends early, with
// that error, where yield returns one.
func (d *documents) each(part pipeline.StoredPart, yield func(document []byte) error) error {
	if part.Zlib == nil {
		return eachBare(part, yield)
	}
	if err := d.decoder.Reset(part.Zlib); err != nil {
		return fmt.Errorf("%w: %w", errDocuments, err)
	}
	defer d.decoder.Forget()
	d.start, d.end, d.ended = 0, 0, false
	for range part.Count {
		header, err := d.next(frameHeader)
		if err != nil {
			return err
		}
		length := binary.BigEndian.Uint32(header[frameHeader-4:])
		if length > largestEvent {
			return fmt.Errorf("%w: an event of %d bytes", errDocuments, length)
		}
		document, err := d.next(int(length))
		if err != nil {
			return err
		}
		if err := yield(document); err != nil {
			return err
		}
	}
	return nil
}

func eachBare(part pipeline.StoredPart, yield func(document []byte) error) error {
	rest := part.Documents
	for range part.Count {
		length, size := binary.Uvarint(rest)
		if size <= 0 || length > uint64(len(rest)-size) {
			return fmt.Errorf("%w: they are cut", errDocuments)
		}
		if err := yield(rest[size : size+int(length) : size+int(length)]); err != nil {
			return err
		}
		rest = rest[size+int(length):]
	}
	return nil
}

// next takes the next size bytes, which are valid until the next call.
func (d *documents) next(size int) ([]byte, error) {
	for d.end-d.start < size {
		if d.ended {
			return nil, fmt.Errorf("%w: %w", errDocuments, io.ErrUnexpectedEOF)
		}
		d.makeRoom(size)
		to, err := d.decoder.Decode(d.chunk[:min(d.end+inflatedAtOnce, len(d.chunk))], d.end)
		d.end = to
		switch {
		case errors.Is(err, io.EOF):
			d.ended = true
		case err != nil:
			return nil, fmt.Errorf("%w: %w", errDocuments, err)
		}
	}
	taken := d.chunk[d.start : d.start+size : d.start+size]
	d.start += size
	return taken, nil
}

// makeRoom moves what is needed, what was not taken and what the stream may refer to, to the front of the chunk where
// there is little room behind it, or to a larger chunk.
func (d *documents) makeRoom(size int) {
	const least = 4 << 10
	if len(d.chunk)-d.end >= least {
		return
	}
	from := min(d.start, max(d.end-inflate.MaxDistance, 0))
	needed := d.end - from
	if into := max(chunkSize, needed+size+least); into > len(d.chunk) || from < needed {
		larger := make([]byte, into)
		copy(larger, d.chunk[from:d.end])
		d.chunk = larger
	} else {
		copy(d.chunk, d.chunk[from:d.end])
	}
	d.start, d.end = d.start-from, needed
}

// rest lets go of a chunk that was made for a very large event.
func (d *documents) rest() {
	if len(d.chunk) > 4*chunkSize {
		d.chunk = nil
	}
}
