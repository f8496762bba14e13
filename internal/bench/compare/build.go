package compare

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The programs that are measured.
const (
	programLogboom  = "logboom"
	programBare     = "bare"
	programGoLumber = "golumber"
)

// packages are where the programs' sources are.
var packages = map[string]string{
	programLogboom:  "./cmd/logboom",
	programBare:     "./internal/bench/cmd/bare",
	programGoLumber: "./internal/bench/cmd/golumber",
}

// build builds the programs as they are shipped: static and without debugging information.
func (h *harness) build(ctx context.Context) error {
	for program, source := range packages {
		if program == programLogboom && h.options.Logboom != "" {
			continue
		}
		h.progress("building %s", program)
		command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", h.binary(program), source)
		command.Dir, command.Env = h.options.Source, append(os.Environ(), "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", program, err, output)
		}
	}
	return nil
}

// binary returns where a program is.
func (h *harness) binary(program string) string {
	if program == programLogboom && h.options.Logboom != "" {
		return h.options.Logboom
	}
	return filepath.Join(h.folder, program)
}
