package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
)

const (
	// replayBytes and replayEvents bound what is written at once, and so what a crash can have written again.
	replayBytes  = 5 << 20
	replayEvents = 1000
	// replayPatience bounds one try.
	replayPatience = time.Minute
)

// errStateful says why an output that keeps account of what it wrote cannot be written to from here.
var errStateful = errors.New("what it has written is accounted for in the journal, and what anybody else adds can be taken away " +
	"at its next start; write the documents somewhere with `logboom dlq show --document`, then drop the letters, " +
	"or choose another output with --to")

// target is an output that letters are written to.
type target struct {
	name    string
	opened  openedOutput
	texts   []string // what the templates say
	broken  error    // why no letter can be written to it, or none any more
	pending []pendingLetter
	bytes   int
}

// pendingLetter is a letter on its way, and what is written of it.
type pendingLetter struct {
	stored deadletter.Stored
	event  outputs.Event
}

// openTarget opens an output of the configuration. What is wrong with it is said in broken.
func (r *lettersReplay) openTarget(name string) *target {
	if t := r.targets[name]; t != nil {
		return t
	}
	t := &target{name: name}
	r.targets[name] = t
	if name == alertsTarget {
		r.openAlerts(t)
		return t
	}
	for _, c := range r.letters.config.Outputs {
		if c.Name != name {
			continue
		}
		logger := zerolog.New(r.streams.Err).Level(zerolog.WarnLevel).With().Str("output", name).Logger()
		if t.opened, t.broken = openOutput(c, r.encoder, r.streams.Out, logger); t.broken != nil {
			return t
		}
		r.report.writtenTo(c.Type, r.streams.Err)
		for i := 0; t.opened.texts != nil && i < t.opened.texts.Len(); i++ {
			t.texts = append(t.texts, t.opened.texts.Template(i).String())
		}
		if _, stateful := t.opened.output.(outputs.Stateful); stateful {
			t.broken = errStateful
		}
		return t
	}
	t.broken = errors.New("no output of the configuration has this name; choose one with --to")
	return t
}

// event makes of a letter what is written to the target.
func (r *lettersReplay) event(t *target, stored *deadletter.Stored) (outputs.Event, error) {
	letter := &stored.Letter
	if isAlert(letter) {
		return alertEvent(letter), nil
	}
	kept := outputs.DeadLetter{
		ID: letter.ID, Body: letter.Document, Texts: letter.Event.Texts, Time: letter.Event.Time, AsItCame: letter.Event.AsItCame,
	}
	event, err := kept.Event(letter.Time.UnixNano())
	switch {
	case err != nil:
		return event, err
	case letter.Output == t.name:
		if len(kept.Texts) != len(t.texts) || kept.AsItCame != t.opened.asTheyCame {
			return event, fmt.Errorf("the settings of %s have changed: the letter has %s beside the document, and now it wants %s",
				t.name, numberOf(len(kept.Texts), "text"), numberOf(len(t.texts), "text"))
		}
		return event, nil
	case t.opened.asTheyCame:
		event.Time, event.Texts = 0, [outputs.MaxTexts][]byte{}
		return event, nil
	case kept.AsItCame:
		return r.encoded(t, event)
	}
	if from := r.openTarget(letter.Output); len(t.texts) > 0 && slices.Equal(from.texts, t.texts) && len(kept.Texts) == len(t.texts) {
		return event, nil
	}
	return r.withTexts(t, event, &logstash.Found{Time: event.Time})
}

// encoded makes of an event as it came what another output is given.
func (r *lettersReplay) encoded(t *target, event outputs.Event) (outputs.Event, error) {
	var found logstash.Found
	written, err := r.encoder.Append(nil, event.Body, event.Origin, &found)
	if err != nil {
		return event, err
	}
	event.Body, event.Time = written, found.Time
	return r.withTexts(t, event, &found)
}

// withTexts makes the texts that a target wants of an event. What Beats say in @metadata is not in an event that was
// written, so texts of that are only made where found has it.
func (r *lettersReplay) withTexts(t *target, event outputs.Event, found *logstash.Found) (outputs.Event, error) {
	event.Texts = [outputs.MaxTexts][]byte{}
	if len(t.texts) == 0 {
		return event, nil
	}
	for i := range t.texts {
		for _, path := range t.opened.texts.Template(i).Fields() {
			if found.Metadata == nil && (path == "@metadata" || strings.HasPrefix(path, "@metadata.")) {
				return event, fmt.Errorf("%s wants %s, and @metadata is not kept in letters; choose an output that does not need it",
					t.name, t.texts[i])
			}
		}
	}
	if err := t.opened.texts.Scan(&r.values, found, event.Body, event.Origin); err != nil {
		return event, err
	}
	for i := range t.texts {
		event.Texts[i] = t.opened.texts.Append(nil, i, &r.values)
	}
	return event, nil
}

// full tells whether there is as much as may be written at once.
func (t *target) full() bool {
	most := replayBytes
	if t.opened.batchBytes > 0 {
		most = min(most, t.opened.batchBytes)
	}
	return t.bytes >= most || len(t.pending) >= replayEvents
}

// write gives the target some letters once, and returns what became of each.
func (t *target) write(ctx context.Context, list []pendingLetter) []error {
	ctx, cancel := context.WithTimeout(ctx, replayPatience)
	defer cancel()
	batch := &outputs.Batch{}
	for i := range list {
		batch.Events = append(batch.Events, list[i].event)
		batch.Bytes += len(list[i].event.Body)
	}
	var outcomes []error
	err := delivery.Guard(func() (err error) {
		outcomes, err = t.opened.output.Write(ctx, batch)
		return err
	})
	if err == nil && len(outcomes) != len(list) {
		err = fmt.Errorf("the output returned %d outcomes for %d events", len(outcomes), len(list))
	}
	if err != nil {
		outcomes = slices.Repeat([]error{err}, len(list))
	}
	return outcomes
}
