package app

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// Whoever may not read the letters is told what to do.
func TestExplainLetters(t *testing.T) {
	for _, cause := range []error{fs.ErrPermission, &fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, syscall.EROFS} {
		err := explainLetters("data/dead-letters", fmt.Errorf("list the dead letters: %w", cause))
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "read and write in data/dead-letters, or be the user that logboom runs as") {
			t.Errorf("got %v", err)
		}
	}
	if err := explainLetters("a", fs.ErrClosed); !errors.Is(err, fs.ErrClosed) || strings.Contains(err.Error(), "user") {
		t.Errorf("got %v", err)
	}
	if err := explainLetters("a", nil); err != nil {
		t.Errorf("got %v", err)
	}
}
