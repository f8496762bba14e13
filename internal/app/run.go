package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/logboom/logboom/internal/config"
)

// StopTimeout is how long a stop may take: less than the 30 s after which orchestrators kill.
const StopTimeout = 25 * time.Second

// DefaultConfigFile is read where no file is named, if it is there.
const DefaultConfigFile = "logboom.yml"

// Streams are a process's standard streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Settings are the flags that change a configuration. Empty ones change nothing.
type Settings struct {
	File   string
	Data   string
	Listen string
	HTTP   string
}

// Load reads the configuration: the named file, or DefaultConfigFile where it is there, or the defaults. It returns the
// name of what was read, for people.
func (s Settings) Load() (config.Config, string, error) {
	c, source, err := s.load()
	if err != nil {
		return config.Config{}, source, &UsageError{err}
	}
	if s.Data != "" {
		c.Data = s.Data
	}
	if s.Listen != "" {
		if c.Inputs.Lumberjack == nil {
			c.Inputs.Lumberjack = config.Default().Inputs.Lumberjack
		}
		c.Inputs.Lumberjack.Listen = s.Listen
	}
	if s.HTTP != "" {
		c.HTTP.Listen = s.HTTP
	}
	return c, source, nil
}

func (s Settings) load() (config.Config, string, error) {
	if s.File != "" {
		c, err := config.Load(s.File, os.LookupEnv)
		return c, s.File, err
	}
	if _, err := os.Stat(DefaultConfigFile); err == nil || !errors.Is(err, fs.ErrNotExist) {
		c, err := config.Load(DefaultConfigFile, os.LookupEnv)
		return c, DefaultConfigFile, err
	}
	return config.Default(), "defaults", nil
}

// UsageError is a mistake in flags or configuration, not a failure. The process ends with exit code 2.
type UsageError struct{ Err error }

// Error returns the text of the mistake.
func (u *UsageError) Error() string { return u.Err.Error() }

// Unwrap returns the mistake.
func (u *UsageError) Unwrap() error { return u.Err }

// Run runs logboom until ctx ends or the process is told to stop by SIGINT or SIGTERM. A second signal ends it at once.
//
// SIGHUP changes nothing. A standard output or error that nobody reads any more is an output that fails, and does not end the process.
func Run(ctx context.Context, settings Settings, streams Streams) error {
	signal.Ignore(syscall.SIGPIPE)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	c, source, err := settings.Load()
	if err != nil {
		return err
	}
	logger := NewLogger(c.Log, streams.Err)
	for _, warning := range c.Warnings {
		logger.Warn().Msg(warning.Error())
	}
	logger.Info().Str("version", Version().Version).Str("configuration", source).Str("data", c.Data).Int("rules", len(c.Rules)).
		Msg("logboom starts")
	limitMemory(c)
	a, err := New(c, Options{Logger: logger, Stdout: streams.Out, Version: Version().Version})
	if err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	failure := waitForEnd(ctx, a, hangups, logger)
	logger.Info().Msg("logboom stops: finishing what was received")
	stopping, cancel := context.WithTimeout(context.Background(), StopTimeout)
	defer cancel()
	err = errors.Join(failure, a.Stop(stopping))
	switch {
	case err != nil:
	case a.left:
		logger.Info().Msg("logboom stopped; what receivers have not taken yet is safe in the journal")
	default:
		logger.Info().Msg("logboom stopped; nothing is left undone")
	}
	return err
}

// waitForEnd returns when the process is to stop, with an error where something of it failed.
func waitForEnd(ctx context.Context, a *App, hangups <-chan os.Signal, logger zerolog.Logger) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals) // a second signal has its usual effect
	for {
		select {
		case <-hangups:
			// What rotates logs or reloads services sends it to everything, and would end a program that does not know it.
			logger.Info().Msg("SIGHUP changes nothing: settings are read at the start, restart to change them")
		case <-signals:
			return nil
		case <-ctx.Done():
			return nil
		case err := <-a.Failed():
			return err
		}
	}
}

// NewLogger returns a logger as configured: JSON lines, or text for people where out is a terminal or that is asked for.
func NewLogger(c config.Log, out io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(string(c.Level))
	if err != nil {
		level = zerolog.InfoLevel
	}
	terminal := isTerminal(out)
	if c.Format == config.FormatConsole || c.Format == config.FormatAuto && terminal {
		out = zerolog.ConsoleWriter{Out: out, NoColor: !terminal || os.Getenv("NO_COLOR") != "", TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger()
}

func isTerminal(out any) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printf writes to a stream for people, whose errors nobody can be told of.
func printf(out io.Writer, format string, values ...any) {
	_, _ = fmt.Fprintf(out, format, values...)
}
