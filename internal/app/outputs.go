package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

func outputNames(list []config.Output) []string {
	names := make([]string, len(list))
	for i, output := range list {
		names[i] = output.Name
	}
	return names
}

// startOutputs opens all outputs before it sets any going.
func (a *App) startOutputs() error {
	if len(a.config.Outputs) == 0 {
		return nil
	}
	encoder, err := newEncoder(a.config)
	if err != nil {
		return err
	}
	for _, c := range a.config.Outputs {
		delivery, err := a.openOutput(c, encoder)
		if err != nil {
			return fmt.Errorf("outputs.%s: %w", c.Name, err)
		}
		a.outputs = append(a.outputs, delivery)
	}
	for _, delivery := range a.outputs {
		ctx, cancel := context.WithCancel(context.Background())
		a.spawn("output "+delivery.Stats().Name, cancel, func() error { return delivery.Run(ctx) })
	}
	a.onStop("outputs", a.drainOutputs)
	return nil
}

// newEncoder makes what writes events as Logstash would with the same settings of its beats input. run, check and the replay
// of dead letters take it, so that they agree.
func newEncoder(c config.Config) (*logstash.Encoder, error) {
	var settings logstash.Settings
	if input := c.Inputs.Lumberjack; input != nil {
		settings = input.Written
	}
	encoder, err := logstash.NewEncoder(settings)
	if err != nil {
		return nil, fmt.Errorf("inputs.lumberjack: %w", err)
	}
	return encoder, nil
}

func (a *App) openOutput(c config.Output, encoder *logstash.Encoder) (*outputs.Delivery, error) {
	logger := a.component("output").With().Str("output", c.Name).Logger()
	opened, err := openOutput(c, encoder, a.options.Stdout, logger)
	if err != nil {
		return nil, err
	}
	options := outputs.Options{
		Encoder: encoder, AsTheyCame: opened.asTheyCame, Texts: opened.texts, BatchBytes: opened.batchBytes, BatchEvents: opened.batchEvents,
		DeadLetters: a.keepRefused, Logger: logger,
	}
	if c.Where != "" {
		if options.Where, err = rules.NewFilter(c.Where); err != nil {
			return nil, fmt.Errorf("where: %w", err)
		}
	}
	if !c.Required {
		options.MostBehind = mostBehind(c.MaxBehind, a.journal.Budget())
		logger.Info().Int64("max_behind", options.MostBehind).Msg("the output is not required: it misses what is further behind")
	}
	return outputs.NewDelivery(c.Name, opened.output, a.pipeline.Events(), options), nil
}

// mostBehind returns how far an output may be behind that need not have everything: no more than half of the journal's budget, since
// a journal that is full takes no events, and nothing would be missed before.
func mostBehind(wanted, budget int64) int64 { return min(wanted, budget/2) }

// keepRefused writes events that an output refused for good to the dead letters.
func (a *App) keepRefused(ctx context.Context, letters []outputs.DeadLetter) error {
	kept := make([]deadletter.Letter, len(letters))
	for i, letter := range letters {
		kept[i] = deadletter.Letter{
			Output: letter.Output, ID: letter.ID, Reason: letter.Reason, Document: letter.Body,
			Event: &deadletter.Event{Time: letter.Time, Texts: letter.Texts, AsItCame: letter.AsItCame},
		}
	}
	if err := a.deadLetters.Write(ctx, kept...); err != nil {
		return err
	}
	if len(letters) > 0 {
		a.pipeline.EventsSetAside(letters[0].Output, a.secrets().Redact(letters[0].Reason), len(letters))
	}
	return nil
}

// drainOutputs waits until the outputs that are not failing have written everything, for a while, and says what is left.
func (a *App) drainOutputs(ctx context.Context) error {
	last := a.pipeline.Events().Last()
	done := func(stats outputs.Stats) bool { return stats.Read >= last && stats.InFlight == 0 }
	drain(ctx, func() bool {
		return slices.ContainsFunc(a.outputs, func(delivery *outputs.Delivery) bool {
			stats := delivery.Stats()
			waits := stats.State == outputs.StateOK || stats.State == outputs.StateStarting
			return waits && !done(stats)
		})
	})
	for _, delivery := range a.outputs {
		if stats := delivery.Stats(); !done(stats) {
			a.left = true
			a.logger.Warn().Str("output", stats.Name).Int64("bytes", stats.Behind).
				Msg("these events are kept and will be written after the next start")
		}
	}
	return nil
}
