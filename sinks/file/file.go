package file

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// documentStart is how every line of the sink begins.
const documentStart = `{"@timestamp":"`

// Sink appends alert documents to a file. It opens the file again when it was renamed or removed, as logrotate does, and
// makes it where there is none. It is a sinks.Stateful and, like every sink, not safe for concurrent use.
//
// Two things are out of its hands. If the file is rotated while logboom is down after a crash, what the crash left
// unaccounted for stays in the rotated file and is written again to the new one. And a path that is no regular file (a
// pipe, a device) is written to and nothing more.
type Sink struct {
	path  string
	file  *appendfile.File
	again func() int // see WillComeAgain
}

var _ sinks.Bounded = (*Sink)(nil)

// New returns a sink that writes to path. The file is not touched before Restore or Deliver.
func New(path string, log zerolog.Logger) (*Sink, error) {
	if path == "" {
		return nil, errors.New("the file of alerts needs a path")
	}
	options := appendfile.Options{Path: path, Ours: appendfile.LinesThatBegin(documentStart), Logger: log}
	return &Sink{path: path, file: appendfile.New(options)}, nil
}

// WillComeAgain implements sinks.Bounded.
func (s *Sink) WillComeAgain(transitions func() int) { s.again = transitions }

// Restore opens the file and, where state says so, cuts off what a crash left at its end. It fails where the file cannot
// be opened.
func (s *Sink) Restore(state []byte) error {
	stored, _ := appendfile.ParsePlace(state) // without one nothing is cut
	return s.file.Restore(stored, s.again)
}

// State returns the place up to which the file is accounted for.
func (s *Sink) State() []byte { return s.file.Accounted().Bytes() }

// Deliver appends the documents and fsyncs them. All are done, or none is.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := s.file.Current(); err != nil {
		return nil, err
	}
	if err := s.file.Append(ctx, slices.Values([][]byte{lines(transitions)})); err != nil {
		return nil, err
	}
	return make([]error, len(transitions)), nil
}

// Check tells whether the file could be written to. It makes none, and writes nothing to it.
func (s *Sink) Check(context.Context) error { return appendfile.Check(s.path) }

// Close closes the file.
func (s *Sink) Close() error { return s.file.Close() }

// lines returns the documents of the transitions, each with a newline.
func lines(transitions []window.Transition) []byte {
	var buffer bytes.Buffer
	for _, transition := range transitions {
		buffer.Write(sinks.Document(transition))
		buffer.WriteByte('\n')
	}
	return buffer.Bytes()
}
