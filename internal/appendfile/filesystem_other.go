//go:build !linux

package appendfile

// Uncache does nothing.
func (f diskFile) Uncache(int64) {}
