package inflate

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrHeader means that the stream does not begin with a zlib header that can be decoded. It is a kind of ErrCorrupt.
	ErrHeader = fmt.Errorf("%w: bad header", ErrCorrupt)
	// ErrDictionary means that the stream was made with a preset dictionary.
	ErrDictionary = errors.New("zlib stream needs a preset dictionary")
	// ErrCorrupt means that what the stream contains is not DEFLATE.
	ErrCorrupt = errors.New("corrupt zlib stream")
	// ErrTruncated means that the stream ends too early. It is a kind of io.ErrUnexpectedEOF.
	ErrTruncated = fmt.Errorf("truncated zlib stream: %w", io.ErrUnexpectedEOF)
	// ErrChecksum means that all was inflated, but is not what was deflated.
	ErrChecksum = errors.New("wrong checksum of zlib stream")
)

// errNotReset means that there is no stream.
var errNotReset = errors.New("inflate: Decode before Reset")

// The reasons of ErrCorrupt.
var (
	errBlockType      = fmt.Errorf("%w: reserved block type", ErrCorrupt)
	errStoredLength   = fmt.Errorf("%w: stored length and its complement differ", ErrCorrupt)
	errTooManyCodes   = fmt.Errorf("%w: more codes than DEFLATE has", ErrCorrupt)
	errCodeLengthCode = fmt.Errorf("%w: code for code lengths is over-subscribed or incomplete", ErrCorrupt)
	errCodeLengths    = fmt.Errorf("%w: repeated code length does not fit", ErrCorrupt)
	errLiteralCode    = fmt.Errorf("%w: literal/length code is over-subscribed or incomplete", ErrCorrupt)
	errDistanceCode   = fmt.Errorf("%w: distance code is over-subscribed or incomplete", ErrCorrupt)
	errSymbol         = fmt.Errorf("%w: bits that stand for no literal, length or distance", ErrCorrupt)
	errDistance       = fmt.Errorf("%w: distance reaches back beyond the first byte", ErrCorrupt)
)
