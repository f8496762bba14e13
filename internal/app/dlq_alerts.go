package app

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/sinks/elasticsearch"
)

// alertsTarget is the name of the target that alerts are written to, which is that of no output.
const alertsTarget = "alerts." + elasticsearchSink

// Why an alert cannot be replayed, as sentences.
var (
	errAlert = errors.New("it is an alert, and what people are told must not come behind what is newer; mend the receiver, post the " +
		"document by hand where it still matters, then drop the letter")
	errAlertTo     = errors.New("it is an alert, which no output of events is given; replay it without --to")
	errNoAlertSink = errors.New(alertsTarget + " is not in the configuration")
)

// isAlert tells whether a letter is an alert that can be replayed: one for Elasticsearch, which keeps documents and shows none
// for the latest.
func isAlert(letter *deadletter.Letter) bool {
	return letter.Kind() == deadletter.KindAlert && letter.Output == elasticsearchSink
}

// alertOutput writes alert documents to where alerts go, under the ids that they have.
type alertOutput struct{ sink *elasticsearch.Sink }

var _ outputs.Output = alertOutput{}

// openAlerts opens the sink that alerts are written to.
func (r *lettersReplay) openAlerts(t *target) {
	c := r.letters.config.Alerts.Elasticsearch
	if c == nil {
		t.broken = errNoAlertSink
		return
	}
	logger := zerolog.New(r.streams.Err).Level(zerolog.WarnLevel).With().Str("sink", elasticsearchSink).Logger()
	sink, err := openElasticsearch(*c, logger)
	if err != nil {
		t.broken = err
		return
	}
	t.opened.output = alertOutput{sink}
}

// alertEvent makes of a letter what alertOutput writes.
func alertEvent(letter *deadletter.Letter) outputs.Event {
	return outputs.Event{Body: letter.Document, Texts: [outputs.MaxTexts][]byte{[]byte(letter.ID)}}
}

// Write implements outputs.Output.
func (o alertOutput) Write(ctx context.Context, batch *outputs.Batch) ([]error, error) {
	documents := make([]elasticsearch.Document, len(batch.Events))
	for i, event := range batch.Events {
		documents[i] = elasticsearch.Document{ID: string(event.Texts[0]), Body: event.Body}
	}
	return o.sink.Index(ctx, documents)
}

// Close implements outputs.Output.
func (o alertOutput) Close() error { return o.sink.Close() }
