//go:build diskfull

package journal

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The disk is full while the file is there, loses nothing that was acknowledged, and is as before without it.
func TestDiskIsFullWhileTheFileIsThere(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "full")
	t.Setenv("LOGBOOM_DISK_FULL", mark)
	j, err := Open(Options{Directory: t.TempDir(), Budget: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	write := func() error {
		_, failed := j.Append(make([]byte, 1000))
		_, err := j.Sync()
		return errors.Join(failed, err)
	}
	for range 3 {
		if err := write(); err != nil {
			t.Fatal(err)
		}
		durable := j.Durable()
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		stored := j.Update(func(tx *Tx) error { return tx.PutValue("a", []byte("b")) })
		if err := write(); !errors.Is(err, syscall.ENOSPC) || !errors.Is(stored, syscall.ENOSPC) || j.Durable() != durable {
			t.Errorf("written with %v, stored with %v", err, stored)
		}
		if space, err := j.Space(); err != nil || !space.Full {
			t.Errorf("%+v, %v", space, err)
		}
		if err := os.Remove(mark); err != nil {
			t.Fatal(err)
		}
		if err := j.Recover(); err != nil {
			t.Fatal(err)
		}
	}
}
