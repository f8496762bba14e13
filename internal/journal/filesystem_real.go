//go:build !diskfull

package journal

// operatingSystem is the filesystem of a journal whose options name no other.
func operatingSystem() filesystem { return disk{} }
