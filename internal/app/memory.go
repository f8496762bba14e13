package app

import (
	"os"
	"runtime/debug"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/rules"
)

// memoryBesidesWindows is what may be needed beside the windows in flight: the worst that rules keep, at 16 bytes for
// each distinct time, and 128 MiB for everything else.
const memoryBesidesWindows = rules.DefaultRunBudget*16 + 128<<20

// garbagePercent is how much garbage there may be beside what is in use, where Go's default is as much again. Events make
// none, and what rules and checkpoints make is little but in large pieces; so this costs a few collections a second at
// most, of memory that is nearly all bytes without pointers.
const garbagePercent = 35

// limitMemory keeps garbage down, and makes the garbage collector work harder as the process comes near what it may need
// at all. Without a limit the garbage of windows in flight grows to as much again before it is collected. GOGC and
// GOMEMLIMIT in the environment win.
func limitMemory(c config.Config) {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(garbagePercent)
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); set || c.Inputs.Lumberjack == nil {
		return
	}
	debug.SetMemoryLimit(c.Inputs.Lumberjack.Limits.InFlight + memoryBesidesWindows)
}
