package email

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/message"
	"github.com/logboom/logboom/window"
)

// DefaultStormThreshold is how many mails go out in a minute where Options say nothing.
const DefaultStormThreshold = 20

// longestHeadline is how many characters of a headline a digest has.
const longestHeadline = 300

func newLimiter(threshold int) *rate.Limiter {
	return rate.NewLimiter(rate.Every(time.Minute/time.Duration(threshold)), threshold)
}

// pace waits until another mail may go out.
func (s *Sink) pace(ctx context.Context) error {
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the pace of mails: %w", err)
	}
	return nil
}

// together returns how many of the transitions one mail is for: the first, or all where they are more than may go out in a
// minute. They are in a storm then, or what an outage has left.
func (s *Sink) together(transitions []window.Transition) int {
	if len(transitions) <= s.options.StormThreshold || transitions[0].Number <= s.alone {
		return 1
	}
	return len(transitions)
}

// digest returns the mail for many transitions: each of them is a line in it.
func (s *Sink) digest(transitions []window.Transition) ([]byte, error) {
	first, last := transitions[0], transitions[len(transitions)-1]
	var lines strings.Builder
	started, ended := 0, 0
	for _, t := range transitions {
		line := sinks.Timestamp(t.Time) + "  " + message.Cut(oneLine(sinks.Headline(t)), longestHeadline)
		if t.State == window.Active {
			started++
		} else {
			ended++
			line += " after " + sinks.DurationText(sinks.EpisodeDuration(t))
		}
		lines.WriteString(line + "\n")
	}
	subject := fmt.Sprintf("Many alerts: %d started, %d ended", started, ended)
	text := fmt.Sprintf("%s, in one mail because no more than %d mails a minute are sent.\n\n%s",
		subject, s.options.StormThreshold, lines.String())
	return s.mail(subject, text, fmt.Sprintf("%s.%d.digest", first.ID, last.Number), "")
}
