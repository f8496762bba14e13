package appendfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// permissions of a file that is made: log lines can hold what is not for everybody.
const permissions = 0o640

// cached is how much of the end of a file stays in memory, for whoever reads it as it grows. Twice as much may.
const cached = 32 << 20

// Options are what a File is made with. Path is needed.
type Options struct {
	Path string
	// FileSystem is the disk if nil.
	FileSystem FileSystem
	// Ours tells whether a file's end, which may be cut anywhere, is what we write. Only that is ever cut off.
	Ours func(end io.Reader) (bool, error)
	// Logger takes what an operator has to know.
	Logger zerolog.Logger
}

// File is appended to. It is opened again when it was renamed or removed, as logrotate does, and made where there is none.
// A path that is no regular file (a pipe, a device) is written to and nothing more. It is not safe for concurrent use.
type File struct {
	options Options
	handle  Handle      // nil before Restore, and after a failure
	last    fs.FileInfo // of the file that was open last
	lines   *Lines
	// accounted is the place up to which the file holds what is done.
	accounted Place
	// damaged says that there may be something behind accounted that an Append has left.
	damaged bool
	// uncached is up to where the file was uncached.
	uncached int64
	// unnamed says that the file's name may not be durable yet.
	unnamed bool
}

// New returns a File. Nothing is touched before Restore or Current.
func New(options Options) *File {
	if options.FileSystem == nil {
		options.FileSystem = Disk{}
	}
	return &File{options: options}
}

// Accounted returns the place up to which the file holds what is done: the one to be stored.
func (f *File) Accounted() Place { return f.accounted }

// account takes the whole file, as it is, for done.
func (f *File) account() error {
	regular, err := f.regular()
	if err != nil {
		return err
	}
	var place Place // none of a pipe, nor of a file that cannot be read: it is never cut then
	if regular {
		size, err := f.Size()
		if err != nil {
			return err
		}
		place, _ = PlaceAt(f.handle, size)
	}
	f.accounted, f.damaged = place, false
	return nil
}

// Size returns the length of the open file.
func (f *File) Size() (int64, error) {
	info, err := f.handle.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat the open file: %w", err)
	}
	return info.Size(), nil
}

// Restore opens the file and, where it has the stored place, cuts off what a crash left behind that. again, if it is not nil, is asked
// how many lines at most will be written again: where there are more, the place is that of an older copy of the state, and to cut would
// be to lose lines for good.
func (f *File) Restore(stored Place, again func() int) error {
	f.Forget()
	_, err := f.Current()
	if err == nil {
		err = f.cutBack(stored, again)
	}
	if err == nil {
		err = f.account()
	}
	if err != nil {
		f.Drop()
	}
	return err
}

// Current makes sure that the open file is the one at the path, and without what an Append that failed has left. It tells
// whether that is another file than before, for somebody has renamed or removed that one.
func (f *File) Current() (renewed bool, err error) {
	if renewed, err = f.current(); err != nil {
		return renewed, err
	}
	if f.unnamed {
		if err := f.SyncFolder(); err != nil {
			return renewed, err
		}
		f.unnamed = false
	}
	if !f.damaged {
		return renewed, nil
	}
	if err := f.cutBack(f.accounted, nil); err != nil {
		return renewed, err
	}
	f.damaged = false
	return renewed, nil
}

func (f *File) current() (renewed bool, err error) {
	if f.handle != nil {
		named, err := f.options.FileSystem.Stat(f.options.Path)
		if err == nil && os.SameFile(f.last, named) {
			return false, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("stat the file: %w", err)
		}
	}
	before := f.last
	if err := f.open(); err != nil {
		return false, err
	}
	if before == nil || os.SameFile(before, f.last) {
		return false, nil
	}
	return true, f.account()
}

// open opens the file at the path, or makes one.
func (f *File) open() error {
	_, missing := f.options.FileSystem.Stat(f.options.Path)
	handle, err := f.openHandle()
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	info, err := handle.Stat()
	if err != nil {
		_ = handle.Close() // nothing was written
		return fmt.Errorf("stat the open file: %w", err)
	}
	f.Drop() // not before the new one is open: its number must be another one
	torn := f.lines != nil && f.lines.torn
	f.handle, f.last, f.lines, f.uncached = handle, info, &Lines{out: handle, torn: torn}, 0
	f.unnamed = f.unnamed || missing != nil
	return nil
}

// openHandle opens, or makes, the file. A named pipe is opened for writing alone, because a reader of one's own hides that
// nobody else reads; and without waiting for a reader, because nothing could end that wait.
func (f *File) openHandle() (Handle, error) {
	system, path := f.options.FileSystem, f.options.Path
	if info, err := system.Stat(path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return system.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	}
	handle, err := system.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, permissions)
	if errors.Is(err, fs.ErrPermission) {
		// Reading is needed only to recognise the file after a crash.
		return system.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, permissions)
	}
	return handle, err
}

// SyncFolder makes the names in the file's folder last.
func (f *File) SyncFolder() error {
	if err := f.options.FileSystem.SyncFolder(filepath.Dir(f.options.Path)); err != nil {
		return fmt.Errorf("fsync the file's folder: %w", err)
	}
	return nil
}

// Drop closes the file without a word, as after a failure. Current opens it again.
func (f *File) Drop() {
	if f.handle != nil {
		_ = f.handle.Close() // what matters was fsynced
		f.handle = nil
	}
}

// Forget is Drop for a file that was renamed by its owner: the one that Current opens next is not taken for a surprise.
// It begins at its start.
func (f *File) Forget() {
	f.Drop()
	f.last, f.accounted, f.damaged = nil, Start(), false
}

// Close closes the file.
func (f *File) Close() error {
	if f.handle == nil {
		return nil
	}
	err := f.handle.Close()
	f.handle = nil
	return err
}

// Regular tells whether the open file is a regular one, which can be cut.
func (f *File) Regular() bool { return f.last != nil && f.last.Mode().IsRegular() }

func (f *File) regular() (bool, error) {
	if f.handle == nil {
		return false, fmt.Errorf("the file: %w", fs.ErrClosed)
	}
	return f.Regular(), nil
}

// Append writes pieces, which together are whole lines, behind the end of the open file, and fsyncs them. All of them are
// done, or none is. Call Current before. The pieces are the caller's again when it has returned.
func (f *File) Append(ctx context.Context, pieces iter.Seq[[]byte]) error {
	regular, err := f.regular()
	if err != nil {
		return err
	}
	if !regular {
		return f.pass(ctx, pieces)
	}
	if err := f.append(pieces); err != nil {
		f.Drop()
		return err
	}
	return nil
}

func (f *File) append(pieces iter.Seq[[]byte]) error {
	length, err := f.Size()
	if err != nil {
		return err
	}
	f.damaged = true // until all is well, or was undone
	err = f.writeBehind(length, pieces)
	if err == nil {
		return f.account()
	}
	if failure := f.handle.Truncate(length); failure != nil {
		return errors.Join(err, fmt.Errorf("cut off what was written: %w", failure))
	}
	f.damaged = false
	return err
}

func (f *File) writeBehind(length int64, pieces iter.Seq[[]byte]) error {
	if f.endsTorn(length) {
		if _, err := f.handle.Write([]byte{'\n'}); err != nil {
			return fmt.Errorf("end the last line: %w", err)
		}
	}
	for piece := range pieces {
		if _, err := f.handle.Write(piece); err != nil {
			return fmt.Errorf("append to the file: %w", err)
		}
	}
	if err := f.handle.Sync(); err != nil {
		// After a failed fsync nobody knows what is on disk, so the lines are written anew.
		return fmt.Errorf("fsync the file: %w", err)
	}
	f.uncache(length)
	return nil
}

// uncache lets go of the memory of what was written long ago. It must be on disk.
func (f *File) uncache(length int64) {
	if upTo := length - cached; upTo >= f.uncached+cached {
		f.handle.Uncache(upTo)
		f.uncached = upTo
	}
}

// endsTorn tells whether the last line has no newline: somebody else's torn line must not swallow the first of ours. A
// file that cannot be read is still written to.
func (f *File) endsTorn(length int64) bool {
	var last [1]byte
	if length == 0 {
		return false
	}
	_, err := f.handle.ReadAt(last[:], length-1)
	return err == nil && last[0] != '\n'
}

// pass writes to what is no regular file. The end of ctx ends a write that blocks, where the system can do that.
func (f *File) pass(ctx context.Context, pieces iter.Seq[[]byte]) error {
	handle := f.handle
	stop := context.AfterFunc(ctx, func() { _ = handle.SetWriteDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() {
			f.Drop() // its deadline is over
		}
	}()
	for piece := range pieces {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := f.lines.Write(piece); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// cutBack cuts the open file back to a place, if it has that place, and what lies behind is nothing but ours, and no more than will be
// written again.
func (f *File) cutBack(stored Place, again func() int) error {
	regular, err := f.regular()
	if err != nil || !regular {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	if size <= stored.Length || !stored.IsIn(f.handle, size) {
		return nil
	}
	ours, lines, err := Judge(f.options.Ours, io.NewSectionReader(f.handle, stored.Length, size-stored.Length))
	if err != nil {
		return fmt.Errorf("read the end of the file: %w", err)
	}
	if !ours || again != nil && lines > again() {
		f.options.Logger.Warn().Str("path", f.options.Path).
			Msg("somebody else has written to the file, or there is more in it than will be written again, as where the data folder is " +
				"an older copy: going on behind that, although the last lines may come again")
		return nil
	}
	if err := f.handle.Truncate(stored.Length); err != nil {
		return fmt.Errorf("cut off what a crash left in the file: %w", err)
	}
	if err := f.handle.Sync(); err != nil {
		return fmt.Errorf("fsync the file: %w", err)
	}
	return nil
}
