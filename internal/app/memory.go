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

// limitMemory makes the garbage collector work harder as the process comes near what it may need at all. Without a limit
// the garbage of windows in flight grows to as much again before it is collected. GOMEMLIMIT in the environment wins.
func limitMemory(c config.Config) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); set || c.Inputs.Lumberjack == nil {
		return
	}
	debug.SetMemoryLimit(c.Inputs.Lumberjack.Limits.InFlight + memoryBesidesWindows)
}
