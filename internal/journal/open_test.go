package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const childVariable = "LOGBOOM_JOURNAL_TEST_CHILD"

// child is what the test binary does as a second process: it tries to open a journal.
func child(directory string) {
	j, err := Open(small(directory))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("opened", j.Close())
}

func runChild(t *testing.T, directory string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+directory)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return string(output)
}

func TestOpenedTwice(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	pid := fmt.Sprint(os.Getpid())
	_, err := Open(small(directory))
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), directory) || !strings.Contains(err.Error(), pid) {
		t.Fatalf("in this process: %v", err)
	}
	if output := runChild(t, directory); !strings.Contains(output, "locked by process "+pid) {
		t.Fatalf("in another process: %s", output)
	}
	fill(t, j, 3)
	synced(t, j)
	closed(t, j)
	if output := runChild(t, directory); !strings.HasPrefix(output, "opened") {
		t.Fatalf("after closing: %s", output)
	}
}

func TestNewerFormat(t *testing.T) {
	directory := t.TempDir()
	closed(t, open(t, small(directory)))
	if err := os.WriteFile(filepath.Join(directory, formatName), []byte("logboom journal 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(small(directory))
	if !errors.Is(err, ErrNewerFormat) || !strings.Contains(err.Error(), "version 7") ||
		!strings.Contains(err.Error(), "version 1") {
		t.Fatalf("got %v", err)
	}
}

func TestNewerFormatWithoutItsFile(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	fill(t, j, 3)
	closed(t, j)
	name := segmentFiles(t, directory)[0]
	base, salt, _ := parseSegmentName(filepath.Base(name))
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	copy(content, segmentHeader{version: 2, salt: salt, base: base}.encode())
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(directory, formatName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(small(directory)); !errors.Is(err, ErrNewerFormat) {
		t.Fatalf("got %v", err)
	}
}

func TestForeignDirectory(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "letters.txt"), []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(small(directory))
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "letters.txt") {
		t.Fatalf("got %v", err)
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 1 {
		t.Fatalf("the directory was changed: %v", entries)
	}
}

func TestEmptyVolume(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"lost+found", ".snapshot"} {
		if err := os.Mkdir(filepath.Join(directory, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, open(t, small(directory)))
	// What comes later is nobody's business either: the directory is a journal by then.
	if err := os.WriteFile(filepath.Join(directory, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, open(t, small(directory)))
}

// TestReadOnlyDirectory uses a read-only filesystem where permissions do not stop root.
func TestReadOnlyDirectory(t *testing.T) {
	directory, mounted := mountReadOnly(t)
	if !mounted {
		directory = t.TempDir()
		if err := os.Chmod(directory, 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if !mounted && os.Getuid() == 0 {
		directory = "/proc/self/fdinfo" // root without the right to mount: nobody can make files here
	}
	for _, name := range []string{directory, filepath.Join(directory, "data")} {
		if _, err := Open(small(name)); err == nil || !strings.Contains(err.Error(), name) {
			t.Fatalf("%s: got %v", name, err)
		}
	}
	if directory == "/proc/self/fdinfo" {
		return
	}
	if _, err := Open(small(directory)); !strings.Contains(err.Error(), "write there") {
		t.Fatalf("no remedy is named: %v", err)
	}
}

func TestFailedOpenReleasesTheLock(t *testing.T) {
	directory := t.TempDir()
	injected := &faults{}
	injected.failCommit.Store(true)
	options := small(directory)
	options.files = injected
	if _, err := Open(options); err == nil {
		t.Fatal("opened")
	}
	closed(t, open(t, small(directory)))
}

func TestNoDirectory(t *testing.T) {
	if _, err := Open(Options{}); err == nil {
		t.Fatal("opened")
	}
}
