package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// permissions of a file that the sink makes: log lines can hold what is not for everybody.
const permissions = 0o640

// Sink appends alert documents to a file. It opens the file again when it was renamed or removed, as logrotate does, and
// makes it where there is none. It is a sinks.Stateful and, like every sink, not safe for concurrent use.
//
// Two things are out of its hands. If the file is rotated while logboom is down after a crash, what the crash left
// unaccounted for stays in the rotated file and is written again to the new one. And a path that is no regular file (a
// pipe, a device) is written to and nothing more.
type Sink struct {
	path string
	log  zerolog.Logger
	file *os.File // nil until Restore, and after a failure
	// accounted is the stored place up to which the file holds what is done.
	accounted place
}

var _ sinks.Stateful = (*Sink)(nil)

// New returns a sink that writes to path. The file is not touched before Restore or Deliver.
func New(path string, log zerolog.Logger) (*Sink, error) {
	if path == "" {
		return nil, errors.New("the file of alerts needs a path")
	}
	return &Sink{path: path, log: log}, nil
}

// Restore opens the file and, where state says so, cuts off what a crash left at its end. It fails where the file cannot
// be opened.
func (s *Sink) Restore(state []byte) error {
	if err := s.reopen(); err != nil {
		return err
	}
	if err := s.restore(state); err != nil {
		s.drop()
		return err
	}
	return nil
}

func (s *Sink) restore(state []byte) error {
	regular, err := isRegular(s.file)
	if err != nil || !regular {
		return err
	}
	if stored, found := parsePlace(state); found {
		if err := s.cutBack(stored); err != nil {
			return err
		}
	}
	return s.account()
}

// State returns the place up to which the file is accounted for.
func (s *Sink) State() []byte { return s.accounted.bytes() }

// Deliver appends the documents in one write and fsyncs them. All are done, or none is.
func (s *Sink) Deliver(ctx context.Context, transitions []window.Transition) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.current(); err != nil {
		return nil, err
	}
	if err := s.append(lines(transitions)); err != nil {
		s.drop()
		return nil, err
	}
	return make([]error, len(transitions)), nil
}

// Close closes the file.
func (s *Sink) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// lines returns the documents of the transitions, each with a newline.
func lines(transitions []window.Transition) []byte {
	var buffer bytes.Buffer
	for _, transition := range transitions {
		buffer.Write(sinks.Document(transition))
		buffer.WriteByte('\n')
	}
	return buffer.Bytes()
}

// current makes sure that the open file is the one at the path.
func (s *Sink) current() error {
	if s.file != nil {
		open, err := s.file.Stat()
		if err != nil {
			return fmt.Errorf("stat the open file: %w", err)
		}
		named, err := os.Stat(s.path)
		if err == nil && os.SameFile(open, named) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("stat the file: %w", err)
		}
	}
	return s.reopen()
}

func (s *Sink) reopen() error {
	s.drop()
	_, missing := os.Stat(s.path)
	file, err := open(s.path)
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	s.file = file
	if missing == nil {
		return nil
	}
	return syncFolder(s.path)
}

// open opens, or makes, the file. A named pipe is opened for writing alone, because a reader of one's own hides that
// nobody else reads; and without waiting for a reader, because nothing could end that wait.
func open(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, permissions)
	if errors.Is(err, fs.ErrPermission) {
		// Reading is needed only to recognise the file after a crash.
		return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, permissions)
	}
	return file, err
}

// drop closes the file after a failure; the next Deliver opens it again.
func (s *Sink) drop() {
	if s.file != nil {
		_ = s.file.Close() // what matters was fsynced, and the failure is already known
		s.file = nil
	}
}

// append writes the lines behind the end of the file. When that fails it leaves the file as it was, as far as it can.
func (s *Sink) append(lines []byte) error {
	regular, err := isRegular(s.file)
	if err != nil {
		return err
	}
	if !regular {
		_, err := s.file.Write(lines)
		return err
	}
	length, err := s.endLine()
	if err != nil {
		return err
	}
	if _, err := s.file.Write(lines); err != nil {
		return errors.Join(fmt.Errorf("append to the file: %w", err), s.file.Truncate(length))
	}
	if err := s.file.Sync(); err != nil {
		// After a failed fsync nobody knows what is on disk, so the lines are written anew.
		return errors.Join(fmt.Errorf("fsync the file: %w", err), s.file.Truncate(length))
	}
	return s.account()
}

// endLine returns the length of the file, after a newline where its last line has none: somebody else's torn line must
// not swallow the first of ours.
func (s *Sink) endLine() (length int64, err error) {
	info, err := s.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat the open file: %w", err)
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := s.file.ReadAt(last, info.Size()-1); err != nil {
			return info.Size(), nil //nolint:nilerr // a file that cannot be read is still written to
		}
	}
	if last[0] == '\n' {
		return info.Size(), nil
	}
	if _, err := s.file.Write([]byte{'\n'}); err != nil {
		return 0, errors.Join(fmt.Errorf("end the last line: %w", err), s.file.Truncate(info.Size()))
	}
	return info.Size() + 1, nil
}

func isRegular(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("stat the open file: %w", err)
	}
	return info.Mode().IsRegular(), nil
}

// syncFolder makes the name of a new file last.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open the file's folder: %w", err)
	}
	defer folder.Close() //nolint:errcheck // opened for fsync only
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("fsync the file's folder: %w", err)
	}
	return nil
}
