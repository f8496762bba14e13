package journal

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// mountSmall mounts a small filesystem, or returns false where that is not allowed. The tests with injected faults say
// the same and run always.
func mountSmall(t testing.TB, size string) (string, bool) { return mount(t, 0, "size="+size) }

// mountReadOnly mounts a filesystem that nobody may write to, not even root.
func mountReadOnly(t testing.TB) (string, bool) { return mount(t, unix.MS_RDONLY, "size=1m") }

func mount(t testing.TB, flags uintptr, data string) (string, bool) {
	t.Helper()
	directory := t.TempDir()
	if os.Getuid() != 0 || unix.Mount("tmpfs", directory, "tmpfs", flags, data) != nil {
		t.Log("mounting is not allowed here")
		return "", false
	}
	t.Cleanup(func() { _ = unix.Unmount(directory, unix.MNT_DETACH) })
	return directory, true
}
