package outputs

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/delivery"
	"github.com/logboom/logboom/outputs/logstash"
)

// Defaults of Options.
const (
	// DefaultBatchBytes is as much as Elasticsearch's documentation advises for a bulk request.
	DefaultBatchBytes = 5 << 20
	// DefaultBatchEvents is ten of Filebeat's windows.
	DefaultBatchEvents = 20_480
)

// Filter chooses events. It is used by one goroutine.
type Filter interface {
	// Matches says whether a document, which is a JSON object, is chosen, and whether that can be known.
	Matches(document []byte) (matches, known bool)
}

// Options are the settings of a Delivery. Encoder is needed; zero values stand for the defaults.
type Options struct {
	// Encoder makes what is written of an event. AsTheyCame leaves events as they came instead; then there are no Texts, and
	// Event.Time is 0.
	Encoder    *logstash.Encoder
	AsTheyCame bool
	// Texts are made of each event beside its body, at most MaxTexts. They need the same Encoder.
	Texts *logstash.Templates
	// Where chooses the events that the output is given; nil for all. Those of which it cannot know are left out and counted.
	Where Filter
	// BatchBytes and BatchEvents bound what is given to the output at once; a single event may be larger.
	BatchBytes, BatchEvents int
	// MostBehind is how many bytes of the journal the output may be behind before it loses events: those of an output that
	// is not required. 0 is no bound.
	MostBehind int64
	// RetryMin and RetryMax bound the waits between tries; the defaults are those of alerts.
	RetryMin, RetryMax time.Duration
	// DeadLetters keeps events that the receiver refused for good. It returns after they are on disk.
	DeadLetters func(context.Context, []DeadLetter) error
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
	// Now is the clock of Stats and log lines, time.Now by default.
	Now func() time.Time
}

func (o *Options) setDefaults() {
	if o.BatchBytes <= 0 {
		o.BatchBytes = DefaultBatchBytes
	}
	if o.BatchEvents <= 0 {
		o.BatchEvents = DefaultBatchEvents
	}
	if o.RetryMin <= 0 {
		o.RetryMin = delivery.DefaultRetryMin
	}
	if o.RetryMax <= 0 {
		o.RetryMax = max(delivery.DefaultRetryMax, o.RetryMin)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
