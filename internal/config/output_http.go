package config

import (
	"net/url"
	"time"
)

// OutputHTTP posts events to an HTTP endpoint of anybody's.
const OutputHTTP OutputType = "http"

// EventHTTP is an endpoint that events are posted to. At most one of Password and Token is set.
type EventHTTP struct {
	URL    Secret
	Format HTTPFormat
	// Headers are sent with each request.
	Headers  map[string]Secret
	Username string
	Password Secret
	Token    Secret
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// CompressionLevel is gzip's, 0 for none.
	CompressionLevel int
	// BatchSize (in bytes, before compression) and BatchEvents bound one request, Concurrency how many are under way,
	// Timeout how long one takes.
	BatchSize   int64
	BatchEvents int
	Concurrency int
	Timeout     time.Duration
}

// HTTPFormat is the form of a request's body.
type HTTPFormat string

// The values of format.
const (
	// HTTPFormatLines is a JSON object in each line, HTTPFormatArray one JSON array of them.
	HTTPFormatLines HTTPFormat = "ndjson"
	HTTPFormatArray HTTPFormat = "json_array"
)

func httpOutput() outputKind {
	return outputKind{
		name: OutputHTTP,
		start: func(o *Output) {
			o.HTTP = &EventHTTP{
				Format: HTTPFormatLines, BatchSize: mebibyte, BatchEvents: 5000, Concurrency: 2, Timeout: 30 * time.Second,
			}
		},
		inside: func(o *Output) section { return eventHTTPSettings(o.HTTP) },
	}
}

func eventHTTPSettings(h *EventHTTP) section {
	return section{
		{
			name:  "url",
			value: secretSetting(&h.URL, "a URL such as https://example.com/logs", notEmpty, isURL), required: true, secret: true,
		},
		{name: "format", value: choiceSetting(&h.Format, HTTPFormatLines, HTTPFormatArray)},
		{name: "headers", value: pairs[Secret]{&h.Headers, "headers (name: value)", mostPairs, isHeader, func(target *Secret) single[Secret] {
			return secretSetting(target, "a value of a header", notEmpty)
		}}, secret: true},
		{name: "username", value: textSetting(&h.Username, "a user name")},
		{name: "password", value: secretSetting(&h.Password, "a password", notEmpty), secret: true},
		{name: "token", value: secretSetting(&h.Token, "a token", notEmpty, visible), secret: true},
		{name: "ca", value: authoritiesSetting(&h.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&h.InsecureSkipVerify)},
		{name: "compression_level", value: wholeSetting(&h.CompressionLevel, 0, 9)},
		{name: "batch_size", value: sizeSetting(&h.BatchSize, kibibyte, 100*mebibyte)},
		{name: "batch_events", value: wholeSetting(&h.BatchEvents, 1, 1_000_000)},
		{name: "concurrency", value: wholeSetting(&h.Concurrency, 1, 64)},
		{name: "timeout", value: durationSetting(&h.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

// checkHTTPOutputs judges the settings of each output by HTTP together.
func (d *decoder) checkHTTPOutputs(list []Output) {
	for _, output := range list {
		h := output.HTTP
		if h == nil {
			continue
		}
		path := join("outputs", output.Name)
		d.checkCredentials(path)
		d.checkTrust(path, h.InsecureSkipVerify)
		plain := false
		if address, err := url.Parse(h.URL.Reveal()); err == nil {
			plain = address.Scheme == "http"
		}
		if plain && h.CA != "" {
			d.warn(path+".ca", "ca has no effect on http; did you mean https?")
		}
	}
}
