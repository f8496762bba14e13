package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/file"
)

// checkTimeout bounds the question to one server.
const checkTimeout = 10 * time.Second

// CheckOptions say what a check does.
type CheckOptions struct {
	Settings Settings
	// Online asks the servers, too, whether they can be reached and let logboom in, and looks whether files can be written.
	Online bool
	// Print writes the whole configuration with its defaults, secrets redacted.
	Print bool
}

// checker is a sink or a source that can tell whether it would work.
type checker interface {
	Check(ctx context.Context) error
}

// Check reads a configuration as Run would, and tells of every mistake. Nothing is bound or written, and nobody is told
// anything; where servers are asked, a file that is not there yet is tried by another one beside it, which is removed again.
func Check(ctx context.Context, options CheckOptions, streams Streams) error {
	c, source, err := options.Settings.Load()
	if err != nil {
		return err
	}
	for _, warning := range c.Warnings {
		printf(streams.Err, "warning: %s\n", warning.Error())
	}
	if err := checkFiles(c); err != nil {
		return &UsageError{err}
	}
	if options.Print {
		return c.Print(streams.Out)
	}
	rules := "1 rule"
	if len(c.Rules) != 1 {
		rules = fmt.Sprintf("%d rules", len(c.Rules))
	}
	passedOn := ""
	if len(c.Outputs) > 0 {
		passedOn = ", events to " + list(outputNames(c.Outputs))
	}
	printf(streams.Out, "%s: good: %s, alerts to %s%s\n", source, rules, list(sinkNames(c.Alerts)), passedOn)
	if options.Online {
		return checkOnline(ctx, c, streams.Out)
	}
	return nil
}

// checkFiles loads what the rooms load at their start.
func checkFiles(c config.Config) error {
	var err error
	if input := c.Inputs.Lumberjack; input != nil {
		_, failure := lumberjackOptions(*input, zerolog.Nop())
		err = errors.Join(err, failure)
	}
	if input := c.Inputs.Kafka; input != nil {
		_, failure := kafkaOptions(*input, zerolog.Nop())
		err = errors.Join(err, failure)
	}
	if c.Alerts.Elasticsearch != nil {
		sink, failure := openElasticsearch(*c.Alerts.Elasticsearch, zerolog.Nop())
		err = errors.Join(err, failure)
		if failure == nil {
			err = errors.Join(err, sink.Close())
		}
	}
	if c.Alerts.Slack != nil {
		sink, failure := openSlack(*c.Alerts.Slack, zerolog.Nop())
		err = errors.Join(err, failure)
		if failure == nil {
			err = errors.Join(err, sink.Close())
		}
	}
	for _, name := range receiverNames(c.Alerts) {
		sink, failure := openReceiver(name, c.Alerts)
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("alerts.%s: %w", name, failure))
			continue
		}
		err = errors.Join(err, sink.Close())
	}
	encoder, failure := newEncoder(c)
	if failure != nil {
		return errors.Join(err, failure)
	}
	for _, output := range c.Outputs {
		opened, failure := openForCheck(output, encoder)
		if failure != nil {
			err = errors.Join(err, failure)
			continue
		}
		err = errors.Join(err, opened.Close())
	}
	return err
}

// openForCheck opens an output of events that nothing will be written to.
func openForCheck(c config.Output, encoder *logstash.Encoder) (outputs.Output, error) {
	opened, err := openOutput(c, encoder, io.Discard, zerolog.Nop())
	if err != nil {
		return nil, fmt.Errorf("outputs.%s: %w", c.Name, err)
	}
	return opened.output, nil
}

func checkOnline(ctx context.Context, c config.Config, out io.Writer) error {
	failed := 0
	ask := func(name string, target checker, err error) {
		if err == nil {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			err = target.Check(ctx)
		}
		if err != nil {
			failed++
			printf(out, "%-14s FAILED: %v\n", name, err)
			return
		}
		if noticing, ok := target.(sinks.Noticing); ok && noticing.Notice() != "" {
			printf(out, "%-14s good, but %s\n", name, noticing.Notice())
			return
		}
		printf(out, "%-14s good\n", name)
	}
	if alerts := c.Alerts.Elasticsearch; alerts != nil {
		sink, err := openElasticsearch(*alerts, zerolog.Nop())
		ask(elasticsearchSink, sink, err)
	}
	if alerts := c.Alerts.Slack; alerts != nil {
		sink, err := openSlack(*alerts, zerolog.Nop())
		ask(slackSink, sink, err)
	}
	for _, name := range receiverNames(c.Alerts) {
		sink, err := openReceiver(name, c.Alerts)
		ask(name, sink, err)
	}
	if alerts := c.Alerts.File; alerts != nil {
		sink, err := file.New(alerts.Path, zerolog.Nop())
		ask(fileSink, sink, err)
	}
	encoder, err := newEncoder(c)
	if err != nil {
		return err
	}
	for _, output := range c.Outputs {
		opened, err := openForCheck(output, encoder)
		if target, ok := opened.(checker); ok || err != nil {
			ask("output "+output.Name, target, err)
		}
	}
	if input := c.Inputs.Kafka; input != nil {
		options, err := kafkaOptions(*input, zerolog.Nop())
		var source *kafka.Source
		if err == nil {
			source, err = kafka.New(
				func(context.Context, *kafka.Batch) error { return nil },
				func(string, int32) (int64, bool) { return 0, false }, options)
		}
		ask("kafka", source, err)
	}
	if failed > 0 {
		return fmt.Errorf("%d of the servers and files cannot be used", failed)
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "the journal only"
	}
	text := names[0]
	for _, name := range names[1:] {
		text += ", " + name
	}
	return text
}
