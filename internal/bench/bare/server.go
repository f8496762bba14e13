package bare

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	protocol "github.com/elastic/go-lumber/protocol/v2"
)

// ErrProtocol says that a client does not speak version 2.
var ErrProtocol = errors.New("not Lumberjack version 2")

// Inflater inflates zlib streams. It belongs to one connection.
type Inflater interface {
	// Inflate returns what is in a zlib stream, appended to dst[:0], growing it where it must.
	Inflate(dst, stream []byte) ([]byte, error)
}

// Serve takes connections until the listener is closed, and serves each with an inflater of its own.
func Serve(listener net.Listener, newInflater func() Inflater) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept connection: %w", err)
		}
		go func() {
			_ = Converse(conn, newInflater()) // there is nobody to tell
			_ = conn.Close()
		}()
	}
}

const headSize, eventHeadSize = 6, 10

// Converse reads windows from a connection and acknowledges them, until the client ends it, which is no error.
func Converse(conn net.Conn, inflater Inflater) error {
	s := session{in: bufio.NewReaderSize(conn, 64<<10), inflater: inflater}
	for {
		code, count, err := s.head()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || code != protocol.CodeWindowSize {
			return errors.Join(ErrProtocol, err)
		}
		if err := s.window(count); err != nil {
			return err
		}
		s.answer = binary.BigEndian.AppendUint32(append(s.answer[:0], protocol.CodeVersion, protocol.CodeACK), uint32(count))
		if _, err := conn.Write(s.answer); err != nil {
			return fmt.Errorf("acknowledge: %w", err)
		}
	}
}

// session is what a connection keeps.
type session struct {
	in       *bufio.Reader
	inflater Inflater
	frame    []byte // a compressed frame as it came
	plain    []byte // and inflated
	answer   []byte
}

// head reads the head of a frame that has one number.
func (s *session) head() (code byte, number int, err error) {
	head, err := s.in.Peek(headSize)
	if err != nil {
		return 0, 0, err
	}
	if head[0] != protocol.CodeVersion {
		return 0, 0, ErrProtocol
	}
	code, number = head[1], int(binary.BigEndian.Uint32(head[2:]))
	_, err = s.in.Discard(headSize)
	return code, number, err
}

// window reads the events of a window.
func (s *session) window(count int) error {
	for count > 0 {
		code, number, err := s.head()
		if err != nil {
			return fmt.Errorf("read frame: %w", err)
		}
		switch code {
		case protocol.CodeCompressed:
			events, err := s.compressed(number)
			if err != nil {
				return err
			}
			count -= events
		case protocol.CodeJSONDataFrame:
			if err := s.event(); err != nil {
				return err
			}
			count--
		default:
			return ErrProtocol
		}
	}
	if count < 0 {
		return fmt.Errorf("%w: more events than announced", ErrProtocol)
	}
	return nil
}

// compressed reads a frame, inflates it and counts the events in it.
func (s *session) compressed(size int) (events int, err error) {
	s.frame = slices.Grow(s.frame[:0], size)[:size]
	if _, err := io.ReadFull(s.in, s.frame); err != nil {
		return 0, fmt.Errorf("read compressed frame: %w", err)
	}
	if s.plain, err = s.inflater.Inflate(s.plain, s.frame); err != nil {
		return 0, fmt.Errorf("inflate: %w", err)
	}
	return walk(s.plain)
}

// walk counts the events.
func walk(frames []byte) (events int, err error) {
	for len(frames) > 0 {
		if len(frames) < eventHeadSize || frames[0] != protocol.CodeVersion || frames[1] != protocol.CodeJSONDataFrame {
			return events, ErrProtocol
		}
		size := eventHeadSize + int(binary.BigEndian.Uint32(frames[6:]))
		if size > len(frames) {
			return events, fmt.Errorf("%w: an event of %d bytes where %d are left", ErrProtocol, size, len(frames))
		}
		frames = frames[size:]
		events++
	}
	return events, nil
}

// event reads an event that is not compressed, behind its sequence number.
func (s *session) event() error {
	var length [4]byte
	if _, err := io.ReadFull(s.in, length[:]); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	size := int(binary.BigEndian.Uint32(length[:]))
	s.plain = slices.Grow(s.plain[:0], size)[:size]
	if _, err := io.ReadFull(s.in, s.plain); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	return nil
}
