package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpTeaches asks every command for help: it ends with 0 and shows at least one example that begins with the
// command itself.
func TestHelpTeaches(t *testing.T) {
	commands := newRoot().Commands()
	if len(commands) < 8 {
		t.Fatalf("%d commands", len(commands))
	}
	for _, command := range commands {
		if command.Name() == "completion" || command.Name() == "help" {
			continue // cobra's own
		}
		t.Run(command.Name(), func(t *testing.T) { helpTeaches(t, command) })
	}
}

func helpTeaches(t *testing.T, command *cobra.Command) {
	t.Helper()
	asked := exec.CommandContext(t.Context(), "logboom", command.Name(), "--help")
	answer, err := asked.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", asked, err, answer)
	}
	text := string(answer)
	if want := "Examples:\n  " + command.CommandPath() + "\n"; !strings.Contains(text, strings.TrimSuffix(want, "\n")) {
		t.Errorf("no example:\n%s", text)
	}
	if !strings.HasPrefix(text, command.Long) || len(strings.TrimSpace(text)) < 100 {
		t.Errorf("it does not say what it does:\n%s", text)
	}
	for line := range strings.Lines(text) {
		if len(line) > 160 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}
