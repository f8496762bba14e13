package appendfile

import "golang.org/x/sys/unix"

// Sync leaves out times, which are not worth a write of their own.
func (f diskFile) Sync() error {
	return f.withDescriptor(unix.Fdatasync)
}

// Uncache has the kernel use the pages again. The next ones that are written then need no fresh memory, and nothing else is
// pushed out of it.
func (f diskFile) Uncache(upTo int64) {
	_ = f.withDescriptor(func(descriptor int) error {
		return unix.Fadvise(descriptor, 0, upTo, unix.FADV_DONTNEED)
	})
}

func (f diskFile) withDescriptor(use func(descriptor int) error) error {
	connection, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if failed := connection.Control(func(descriptor uintptr) { err = use(int(descriptor)) }); failed != nil {
		return failed
	}
	return err
}
