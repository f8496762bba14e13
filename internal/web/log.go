package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// logInterval is the shortest time between two log lines of one kind.
const logInterval = 10 * time.Second

// logs are what the server says about itself, rate limited by kind, for clients can make much of it happen again and
// again. It is safe for concurrent use.
type logs struct {
	logger zerolog.Logger
	// server are errors of net/http, scrapes of the metrics, panics of handlers.
	server, scrapes, panics *rate.Sometimes
}

func newLogs(logger zerolog.Logger) logs {
	sometimes := func() *rate.Sometimes { return &rate.Sometimes{First: 1, Interval: logInterval} }
	return logs{logger: logger, server: sometimes(), scrapes: sometimes(), panics: sometimes()}
}

// Write implements io.Writer for the error log of http.Server.
func (l logs) Write(line []byte) (int, error) {
	l.server.Do(func() { l.logger.Warn().Str("error", strings.TrimSpace(string(line))).Msg("HTTP server") })
	return len(line), nil
}

// Println implements promhttp.Logger.
func (l logs) Println(values ...any) {
	l.scrapes.Do(func() {
		l.logger.Warn().Str("error", strings.TrimSpace(fmt.Sprintln(values...))).Msg("metrics are incomplete")
	})
}

// panicked reports a panic in the code behind a path, or of a room.
func (l logs) panicked(place string, value any, stack []byte) {
	l.panics.Do(func() {
		l.logger.Error().Str("place", place).Str("panic", fmt.Sprint(value)).Bytes("stack", stack).
			Msg("a request could not be answered (more of these are not logged for 10 s)")
	})
}
