package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/logboom/logboom/internal/appendfile"
	"github.com/logboom/logboom/outputs"
)

// ours is how every line of events begins. It is not much, but nothing that people write by hand.
const ours = "{"

// Output appends events to a file. It is an outputs.Stateful. A path that is no regular file (a pipe, a device) is written
// to and nothing more: its events come at least once, and it is never set aside.
type Output struct {
	options Options
	system  appendfile.FileSystem
	file    *appendfile.File
	pieces  pieces
	// number is what the file at the path will be called when it is set aside.
	number uint64
	// told is the number that State returned last. The loop stores it before it writes again.
	told  uint64
	tidy  *tidier
	again func() int // see WillComeAgain
}

var (
	_ outputs.Bounded  = (*Output)(nil)
	_ outputs.Noticing = (*Output)(nil)
)

// New returns an output that writes to Options.Path. Nothing is touched before Restore. Its error names every mistake in
// the options.
func New(options Options) (*Output, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	if options.system == nil {
		options.system = appendfile.Disk{}
	}
	return &Output{
		options: options, system: options.system, number: 1, tidy: newTidier(options),
		file: appendfile.New(appendfile.Options{
			Path: options.Path, FileSystem: options.system, Ours: appendfile.LinesThatBegin(ours), Logger: options.Logger,
		}),
	}, nil
}

// WillComeAgain implements outputs.Bounded.
func (o *Output) WillComeAgain(events func() int) { o.again = events }

// State returns which file it is, and up to where it is accounted for.
func (o *Output) State() []byte {
	o.told = o.number
	return state{o.number, o.file.Accounted()}.bytes()
}

// Write appends the events and fsyncs them. After an error those before it are done, and no others.
func (o *Output) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	o.tidy.upTo(o.told)
	outcomes := make([]error, len(batch.Events))
	for done, offset := 0, 0; done < len(batch.Events); {
		count, err := o.append(ctx, batch, done, offset)
		if err != nil {
			for i := done; i < len(outcomes); i++ {
				outcomes[i] = err
			}
			break
		}
		offset += lengthOf(batch.Events[done : done+count])
		done += count
	}
	return outcomes, nil
}

// append writes as many events of the batch as the file has room for, from one on before which there are so many bytes of lines. It
// returns how many that were: none where the file was set aside.
func (o *Output) append(ctx context.Context, batch *outputs.Batch, from, offset int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	renewed, err := o.file.Current()
	if err != nil {
		return 0, err
	}
	if renewed {
		o.number++
	}
	count, err := o.room(batch.Events[from:])
	if err != nil {
		return 0, err
	}
	if count == 0 {
		return 0, o.setAside()
	}
	return count, o.file.Append(ctx, o.pieces.of(batch, from, from+count, offset))
}

// room returns how many of the events go into the file before it is set aside.
func (o *Output) room(events []outputs.Event) (int, error) {
	if o.options.RotateSize == 0 || !o.file.Regular() {
		return len(events), nil
	}
	size, err := o.file.Size()
	if err != nil {
		return 0, err
	}
	for i := range events {
		with := size + int64(len(events[i].Body)) + 1
		if with > o.options.RotateSize && size > 0 {
			return i, nil
		}
		size = with
	}
	return len(events), nil
}

// setAside gives the file its number, so that the next one is made at the path.
func (o *Output) setAside() error {
	path := o.options.Path
	for taken := true; taken; { // somebody else's file may have the name
		var err error
		if taken, err = o.isTaken(o.number); err != nil {
			return err
		}
		if taken {
			o.number++
		}
	}
	if err := o.system.Rename(path, asideName(path, o.number)); err != nil {
		return fmt.Errorf("set the file aside: %w", err)
	}
	o.file.Forget()
	o.number++
	return nil // making the next file fsyncs the folder
}

// isTaken tells whether there is a file of a number, be it compressed.
func (o *Output) isTaken(number uint64) (bool, error) {
	for _, ending := range []string{"", compressed} {
		_, err := o.system.Stat(aside{number, ending}.name(o.options.Path))
		if !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return false, fmt.Errorf("look for the name of the file to be set aside: %w", err)
			}
			return true, nil
		}
	}
	return false, nil
}

// Notice tells what became of compressing and removing files, where that failed.
func (o *Output) Notice() string { return o.tidy.notice() }

// Close ends compressing, which is done again another time, and closes the file.
func (o *Output) Close() error {
	o.tidy.close()
	return o.file.Close()
}

// Check tells whether the file could be written to. It makes none, and writes nothing.
func (o *Output) Check(context.Context) error { return appendfile.Check(o.options.Path) }
