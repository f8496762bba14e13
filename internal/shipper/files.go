package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/time/rate"
)

// StandardInput is the name that stands for standard input in a list of files.
const StandardInput = "-"

// FileOptions are what SendFiles can be told. The zero value sends as fast as the server takes it.
type FileOptions struct {
	// Rate is how many events a second are read, evenly; 0 is no limit.
	Rate float64
	// Progress is told how much was delivered, each time a window is. It is called one at a time, mostly from a
	// goroutine of the client, and must not call its methods other than Stats.
	Progress func(Progress)
	// Input is what is read for StandardInput; nil is os.Stdin.
	Input io.Reader
}

// Progress is how far SendFiles is.
type Progress struct {
	// Events is how many were acknowledged.
	Events int64
	// Bytes is how many bytes of the files those stand for, ends of lines included.
	Bytes int64
	// TotalBytes is the size of all files when SendFiles began, -1 where one has none, such as a pipe.
	TotalBytes int64
}

// Report is what SendFiles did.
type Report struct {
	// Events is how many were acknowledged, Bytes how many bytes of the files those and the empty lines stand for.
	Events, Bytes int64
	// Empty is how many lines were not sent because there is nothing in them, as Filebeat does not send them either.
	Empty int64
	// Truncated is how many lines were longer than MaxLine. Of those the beginning was sent, with "truncated" in
	// log.flags.
	Truncated int64
	// Windows is how many windows the events were in, Resent how many events were sent more than once.
	Windows, Resent int64
	// Duration is the time from the first line to the last acknowledgement.
	Duration time.Duration
}

// fileSender is one run of SendFiles.
type fileSender struct {
	client  *Client
	agent   *Agent
	input   io.Reader
	limiter *rate.Limiter // nil is no limit
	tally   tally
	report  Report
	event   []byte
}

// SendFiles sends each line of the files as an event of the agent, one file after the other, and waits until all were
// acknowledged. A file is read to the end it has then; the name "-" is standard input. What a file is called in the
// events is its absolute path.
//
// The lines are streamed: memory does not depend on the size of the files. All files are looked at before anything is
// sent, and one that is missing or a folder is an error then. Later it fails when a file can't be read, once what came
// before is delivered; when ctx ends; and when the client gives up. The report is right in any case: it counts what was
// acknowledged.
func SendFiles(
	ctx context.Context, client *Client, agent *Agent, files []string, options FileOptions,
) (Report, error) {
	if !(options.Rate >= 0) {
		return Report{}, fmt.Errorf("send files: rate %v: must be events a second, or 0 for no limit", options.Rate)
	}
	total, err := totalSize(files)
	if err != nil {
		return Report{}, fmt.Errorf("send files: %w", err)
	}
	sender := newFileSender(client, agent, options, total)
	begun := time.Now()
	err = sender.sendAll(ctx, files)
	sender.tally.report(&sender.report)
	sender.report.Duration = time.Since(begun)
	return sender.report, err
}

// newFileSender prepares to send.
func newFileSender(client *Client, agent *Agent, options FileOptions, total int64) *fileSender {
	s := &fileSender{client: client, agent: agent, input: options.Input}
	if s.input == nil {
		s.input = os.Stdin
	}
	if options.Rate > 0 {
		burst := max(1, int(min(options.Rate/100, 1<<20))) // what comes in 10 ms
		s.limiter = rate.NewLimiter(rate.Limit(options.Rate), burst)
	}
	if options.Progress != nil {
		s.tally.delivered = func(events, source int64) { options.Progress(Progress{events, source, total}) }
	}
	return s
}

// totalSize returns the size of all files, or -1 where it can't be known. It fails for one that can't be sent.
func totalSize(files []string) (int64, error) {
	var total int64
	for _, name := range files {
		if name == StandardInput {
			total = -1
			continue
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return 0, err // names the file
		case info.IsDir():
			return 0, fmt.Errorf("%s is a folder: name the files in it", name)
		case !info.Mode().IsRegular():
			total = -1
		case total >= 0:
			total += info.Size()
		}
	}
	return total, nil
}

// sendAll sends the files and waits for the acknowledgements. What was queued before a file failed is delivered, too.
func (s *fileSender) sendAll(ctx context.Context, files []string) error {
	var failed error
	for _, name := range files {
		if failed = s.sendNamed(ctx, name); failed != nil {
			break
		}
	}
	if failed != nil && !isReadError(failed) {
		return failed
	}
	return errors.Join(failed, s.client.Flush(ctx))
}

// readError says that a file failed, and not the client.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

func isReadError(err error) bool {
	_, ok := errors.AsType[readError](err)
	return ok
}

// sendNamed sends one file.
func (s *fileSender) sendNamed(ctx context.Context, name string) error {
	if name == StandardInput {
		return s.send(ctx, name, s.input)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return readError{fmt.Errorf("find path of %s: %w", name, err)}
	}
	file, err := os.Open(path)
	if err != nil {
		return readError{fmt.Errorf("open file: %w", err)}
	}
	defer file.Close() //nolint:errcheck // was only read
	return s.send(ctx, path, file)
}

// send sends each line of what is read.
func (s *fileSender) send(ctx context.Context, path string, from io.Reader) error {
	lines := newLineReader(from)
	var skipped int64 // bytes of empty lines; they count with the line behind them
	for {
		read, err := lines.next()
		if errors.Is(err, io.EOF) {
			if skipped > 0 {
				s.tally.skip(skipped)
			}
			return nil
		}
		if err != nil {
			return readError{fmt.Errorf("read %s behind byte %d: %w", path, lines.offset, err)}
		}
		if len(read.text) == 0 {
			s.report.Empty++
			skipped += read.size
			continue
		}
		if err := s.queue(ctx, path, read, skipped); err != nil {
			return fmt.Errorf("send %s from byte %d: %w", path, read.offset, err)
		}
		skipped = 0
	}
}

// queue gives one line to the client, when its time has come.
func (s *fileSender) queue(ctx context.Context, path string, read line, skipped int64) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	if read.truncated {
		s.report.Truncated++
	}
	s.event = appendEvent(s.agent, s.event[:0], time.Now(), path, read.offset, read.text, read.truncated)
	if err := s.client.queue.put(ctx, s.event, skipped+read.size, &s.tally); err != nil {
		return s.client.because(ctx, err)
	}
	return nil
}

// wait keeps to the rate.
func (s *fileSender) wait(ctx context.Context) error {
	if s.limiter == nil {
		return ctx.Err()
	}
	if after := s.limiter.Reserve().Delay(); after > 0 {
		return pause(ctx, nil, after)
	}
	return ctx.Err()
}
