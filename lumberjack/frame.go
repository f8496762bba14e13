package lumberjack

import (
	"encoding/binary"
	"fmt"

	v1 "github.com/elastic/go-lumber/protocol/v1"
	v2 "github.com/elastic/go-lumber/protocol/v2"
)

// The frames of both versions, as they are on the wire. All numbers are big endian.
//
//	version 'W' count(4)                                 a window of count events follows
//	version 'J' sequence(4) length(4) document           one event, a JSON document
//	version 'D' sequence(4) pairs(4) {length(4) bytes}*  one event, pairs of key and value
//	version 'C' length(4) zlib                           data frames, compressed
//	version 'A' sequence(4)                              an acknowledgement, from server to client
const (
	frameWindow     = v2.CodeWindowSize
	frameJSON       = v2.CodeJSONDataFrame
	framePairs      = v1.CodeDataFrame
	frameCompressed = v2.CodeCompressed
	frameACK        = v2.CodeACK
)

const (
	frameTypeSize   = 2 // version and type
	windowFrameSize = frameTypeSize + 4
	ackFrameSize    = frameTypeSize + 4
)

// frameSource is where frames come from: the connection, or a compressed frame that is being inflated.
type frameSource interface {
	// next takes the next size bytes, a few, which are valid until the next call.
	next(size int) ([]byte, error)
	// keep takes the next size bytes, which stay until the window is released.
	keep(size int) ([]byte, error)
	// skip takes the next size bytes and forgets them.
	skip(size int64) error
}

// frameType is the beginning of each frame.
type frameType struct {
	version byte
	code    byte
}

// parseFrameType checks the version. What it knows of the code is left to who reads the frame.
func parseFrameType(bytes []byte) (frameType, error) {
	frame := frameType{version: bytes[0], code: bytes[1]}
	if frame.version != Version1 && frame.version != Version2 {
		return frame, fmt.Errorf("%w: frame of version %q", ErrFraming, frame.version)
	}
	return frame, nil
}

// readFrameType reads the beginning of a frame.
func readFrameType(source frameSource) (frameType, error) {
	bytes, err := source.next(frameTypeSize)
	if err != nil {
		return frameType{}, err
	}
	return parseFrameType(bytes)
}

// readNumber reads a 32-bit number.
func readNumber(source interface {
	next(size int) ([]byte, error)
},
) (uint32, error) {
	bytes, err := source.next(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(bytes), nil
}

// readNumbers reads two 32-bit numbers, as data frames have them behind their type.
func readNumbers(source frameSource) (first, second uint32, err error) {
	bytes, err := source.next(8)
	if err != nil {
		return 0, 0, err
	}
	return binary.BigEndian.Uint32(bytes), binary.BigEndian.Uint32(bytes[4:]), nil
}

// readJSON reads what follows the type of a JSON frame and adds the event to the window.
func (r *windowReader) readJSON(source frameSource) error {
	sequence, length, err := readNumbers(source)
	if err != nil {
		return err
	}
	if int64(length) > r.limits.Event {
		return r.rejectJSON(source, sequence, int64(length))
	}
	event, err := source.keep(int(length))
	if err != nil {
		return err
	}
	return r.window.add(sequence, event)
}

// rejectJSON reads past an event that is too large, and keeps its beginning.
func (r *windowReader) rejectJSON(source frameSource, sequence uint32, length int64) error {
	prefix, err := source.keep(int(min(length, rejectedPrefix)))
	if err != nil {
		return err
	}
	if err := source.skip(length - int64(len(prefix))); err != nil {
		return err
	}
	return r.window.reject(sequence, Rejected{
		Prefix: prefix,
		Length: length,
		Reason: fmt.Sprintf("event of %d bytes is larger than the limit of %d", length, r.limits.Event),
	})
}

// appendACK appends an acknowledgement.
func appendACK(frame []byte, version byte, sequence uint32) []byte {
	return binary.BigEndian.AppendUint32(append(frame, version, frameACK), sequence)
}
