// Package process reads what Linux knows of a process: the CPU time it has used and its memory.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// hertz is the unit of times in /proc, USER_HZ: 100 a second on every architecture that Go knows.
const hertz = 100

// ErrUnavailable says that a process can't be observed: there is none with this number, or no /proc.
var ErrUnavailable = errors.New("process can't be observed")

// Usage is what a process had used at one moment.
type Usage struct {
	// CPU is the time on CPUs, of all threads, in the kernel and outside, to 10 ms.
	CPU time.Duration
	// Resident is the memory that it has now, and Peak the most it had since it was started or its peak was reset (by
	// writing 5 to /proc/PID/clear_refs, which nothing here does), both in bytes.
	Resident, Peak int64
}

// Observe returns what a process has used, from /proc/PID/stat and /proc/PID/status. It fails with an ErrUnavailable.
func Observe(pid int) (Usage, error) {
	folder := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return Usage{}, unavailable(pid, err)
	}
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return Usage{}, unavailable(pid, err)
	}
	usage, err := parse(stat, status)
	if err != nil {
		return Usage{}, fmt.Errorf("%w: process %d: %w", ErrUnavailable, pid, err)
	}
	return usage, nil
}

func unavailable(pid int, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: no process %d: %w", ErrUnavailable, pid, err)
	}
	return fmt.Errorf("%w: process %d: %w", ErrUnavailable, pid, err)
}

// parse reads /proc/PID/stat and /proc/PID/status, as proc(5) has them.
func parse(stat, status []byte) (Usage, error) {
	const user, system = 11, 12 // counted from what follows the name, which may hold anything
	_, rest, found := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(") "))
	fields := strings.Fields(string(rest))
	if !found || len(fields) <= system {
		return Usage{}, fmt.Errorf("%d fields in stat", len(fields))
	}
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("read CPU time: %w", err)
		}
		ticks += n
	}
	usage := Usage{CPU: time.Duration(ticks) * time.Second / hertz}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		var size *int64
		switch name {
		case "VmRSS":
			size = &usage.Resident
		case "VmHWM":
			size = &usage.Peak
		default:
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("read memory: %w", err)
		}
		*size = kilobytes << 10
	}
	if usage.Peak == 0 {
		return Usage{}, errors.New("no VmHWM in status: a process that has ended, or one of the kernel")
	}
	return usage, nil
}
