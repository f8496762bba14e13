package compare

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// describe says on what was measured, and how.
func (h *harness) describe() string {
	return fmt.Sprintf("%s; %s; commit %s, on %s. Median of %d rounds of %s under each load%s.\n",
		Machine()+", data on "+fileSystem(h.options.Folder), runtime.Version(), Commit(h.options.Source), time.Now().UTC().Format(time.DateOnly),
		h.options.Rounds, h.options.Span, spreadNote(h.options.Rounds))
}

func spreadNote(rounds int) string {
	if rounds < 2 {
		return ""
	}
	return " (in brackets the least and the greatest)"
}

// Machine names processor, cores and kernel.
func Machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel := "unknown kernel"
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = "Linux " + strings.TrimSpace(string(text))
	}
	return fmt.Sprintf("%s, %d cores, %s", model, runtime.NumCPU(), kernel)
}

// fileSystem names the kind of file system that a folder is on.
func fileSystem(folder string) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return "an unknown file system"
	}
	switch int64(stat.Type) { // its type differs between architectures
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs, which is no disk: choose another folder"
	}
	return fmt.Sprintf("file system 0x%x", stat.Type)
}

// Commit names the state of the sources in a folder.
func Commit(source string) string {
	command := exec.Command("git", "describe", "--always", "--dirty", "--exclude", "*") //nolint:noctx // it reads a few files
	command.Dir = source
	name, err := command.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}
