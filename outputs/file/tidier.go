package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/logboom/logboom/internal/appendfile"
)

// tidier compresses and removes what was set aside, in a goroutine of its own that runs while there is something to do.
// It can be ended anywhere: a file is removed after the compressed one has its name, and that has its name when it is whole.
type tidier struct {
	path   string
	system appendfile.FileSystem
	keep   int
	gzip   bool
	// inline makes upTo do the work before it returns, for tests.
	inline bool

	ctx    context.Context //nolint:containedctx // of the goroutine, until close
	cancel context.CancelFunc
	done   sync.WaitGroup

	mutex   sync.Mutex
	wanted  uint64 // files below this number may be touched
	reached uint64 // up to where that was done
	running bool
	failure error

	writer *gzip.Writer // while tidy runs: making one takes longer than compressing a small file
}

func newTidier(options Options) *tidier {
	t := &tidier{path: options.Path, system: options.system, keep: options.Keep, gzip: options.Gzip}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// upTo allows to touch the files below a number, and sees to it that they are.
func (t *tidier) upTo(number uint64) {
	if t.keep == 0 && !t.gzip {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if number <= t.wanted {
		return
	}
	t.wanted = number
	switch {
	case t.inline:
		t.failure = t.tidy(number)
	case !t.running:
		t.running = true
		t.done.Go(t.run)
	}
}

// run tidies until there is nothing to do.
func (t *tidier) run() {
	for {
		t.mutex.Lock()
		number := t.wanted
		t.running = number > t.reached && t.ctx.Err() == nil
		if !t.running {
			t.mutex.Unlock()
			return
		}
		t.mutex.Unlock()
		err := t.tidy(number)
		t.mutex.Lock()
		t.reached, t.failure = number, err
		t.mutex.Unlock()
	}
}

func (t *tidier) notice() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.failure == nil || t.ctx.Err() != nil {
		return ""
	}
	return "files that were set aside are not tidied up: " + t.failure.Error()
}

// close ends what is under way and waits for its end.
func (t *tidier) close() {
	t.cancel()
	t.done.Wait()
}

// tidy removes and compresses files below a number. One that fails is no reason not to try the others.
func (t *tidier) tidy(number uint64) error {
	defer func() { t.writer = nil }()
	list, err := listAside(t.system, t.path)
	if err != nil {
		return err
	}
	files := 0 // by their numbers
	for i := range list {
		if i == 0 || list[i].number != list[i-1].number {
			files++
		}
	}
	var failures []error
	for i := 0; i < len(list) && list[i].number < number && t.ctx.Err() == nil; {
		same := i + 1
		for same < len(list) && list[same].number == list[i].number {
			same++
		}
		if t.keep > 0 && files > t.keep {
			failures = append(failures, t.remove(list[i:same]))
		} else {
			failures = append(failures, t.compress(list[i:same]))
		}
		files--
		i = same
	}
	return errors.Join(failures...)
}

func (t *tidier) remove(list []aside) error {
	for _, a := range list {
		if err := t.system.Remove(a.name(t.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a file: %w", err)
		}
	}
	return nil
}

// compress brings a number's files to the one that is to be there.
func (t *tidier) compress(list []aside) error {
	bare, whole := false, false
	for _, a := range list {
		bare = bare || a.ending == ""
		whole = whole || a.ending == compressed
	}
	a := aside{number: list[0].number}
	if bare && t.gzip && !whole {
		if err := t.squeeze(a.name(t.path)); err != nil {
			return fmt.Errorf("compress %s: %w", a.name(t.path), err)
		}
		whole = true
	}
	var left []aside
	if bare && whole {
		left = append(left, a)
	}
	for _, a := range list {
		if a.ending == beingCompressed && (!bare || !t.gzip || !whole) {
			left = append(left, a)
		}
	}
	return t.remove(left)
}

// squeeze makes the compressed file of a bare one.
func (t *tidier) squeeze(name string) (err error) {
	from, err := t.system.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it was only read
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := t.system.OpenFile(name+beingCompressed, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	err = t.copy(to, from, filepath.Base(name))
	if err = errors.Join(err, to.Close()); err != nil {
		return errors.Join(err, t.system.Remove(name+beingCompressed))
	}
	if err := t.system.Rename(name+beingCompressed, name+compressed); err != nil {
		return err
	}
	return t.system.SyncFolder(filepath.Dir(name))
}

// copy compresses one file into another and fsyncs that.
func (t *tidier) copy(to appendfile.Handle, from io.Reader, name string) error {
	if t.writer == nil {
		t.writer = gzip.NewWriter(nil)
	}
	writer := t.writer
	writer.Reset(to)
	writer.Name = name
	buffer := make([]byte, pieceSize)
	for {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		count, err := from.Read(buffer)
		if _, failure := writer.Write(buffer[:count]); failure != nil {
			return failure
		}
		if errors.Is(err, io.EOF) {
			return errors.Join(writer.Close(), to.Sync())
		}
		if err != nil {
			return err
		}
	}
}
