package app

import (
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/config"
)

// A duration in a log line has its unit, whatever writes it and in both formats.
func TestDurationsHaveAUnit(t *testing.T) {
	for format, want := range map[config.Format]string{
		config.FormatJSON: `"took":"46.203743ms"`, config.FormatConsole: "took=46.203743ms",
	} {
		var lines strings.Builder
		logger := NewLogger(config.Log{Level: config.LevelInfo, Format: format}, &lines)
		logger.Info().Dur("took", 46203743*time.Nanosecond).Msg("recovered")
		if !strings.Contains(lines.String(), want) {
			t.Errorf("got %s, want %s", lines.String(), want)
		}
	}
}
