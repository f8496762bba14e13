package kafka

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"
)

// clientLog passes what franz-go says to a zerolog.Logger, at levels that suit someone who runs logboom: its errors
// and warnings are warnings, since it goes on trying after each; its information (every join, sync and heartbeat
// failure) is for debugging. Each text is passed on once in a while only.
type clientLog struct {
	logger zerolog.Logger
	limit  *limiter
}

var _ kgo.Logger = (*clientLog)(nil)

// Level returns how much franz-go needs to say.
func (l *clientLog) Level() kgo.LogLevel {
	switch level := max(l.logger.GetLevel(), zerolog.GlobalLevel()); {
	case level <= zerolog.TraceLevel:
		return kgo.LogLevelDebug
	case level <= zerolog.DebugLevel:
		return kgo.LogLevelInfo
	case level <= zerolog.WarnLevel:
		return kgo.LogLevelWarn
	default:
		return kgo.LogLevelNone
	}
}

// Log writes one line.
func (l *clientLog) Log(level kgo.LogLevel, text string, keyvals ...any) {
	to := translate(level)
	if to == zerolog.NoLevel {
		return
	}
	suppressed := 0
	if to >= zerolog.WarnLevel {
		var ok bool
		if suppressed, ok = l.limit.allow(text, time.Now()); !ok {
			return
		}
	}
	event := l.logger.WithLevel(to)
	for i := 0; i+1 < len(keyvals); i += 2 {
		event = withField(event, fmt.Sprint(keyvals[i]), keyvals[i+1])
	}
	if suppressed > 0 {
		event = event.Int("suppressed", suppressed)
	}
	event.Msg(text)
}

func translate(level kgo.LogLevel) zerolog.Level {
	switch level {
	case kgo.LogLevelError, kgo.LogLevelWarn:
		return zerolog.WarnLevel
	case kgo.LogLevelInfo:
		return zerolog.DebugLevel
	case kgo.LogLevelDebug:
		return zerolog.TraceLevel
	default:
		return zerolog.NoLevel
	}
}

func withField(event *zerolog.Event, key string, value any) *zerolog.Event {
	switch value := value.(type) {
	case error:
		return event.AnErr(key, value)
	case string:
		return event.Str(key, value)
	case fmt.Stringer:
		return event.Stringer(key, value)
	default:
		return event.Str(key, fmt.Sprint(value))
	}
}

// warn logs at the source's own rate limit: one line for each key in a while.
func (s *Source) warn(key string, err error, text string) {
	suppressed, ok := s.limit.allow(key, time.Now())
	if !ok {
		return
	}
	event := s.options.Logger.Warn().Err(err)
	if suppressed > 0 {
		event = event.Int("suppressed", suppressed)
	}
	event.Msg(text)
}
