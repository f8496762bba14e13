package config

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/logboom/logboom/outputs/logstash"
)

// mostEnrichments is one more entry than enrich can have a use for, so that whoever writes them all down is told why.
const mostEnrichments = 5

// newWritten returns what outputs write of events by themselves: Logstash's defaults.
func newWritten() logstash.Settings { return logstash.Settings{ECSCompatibility: logstash.ECSv8} }

// writtenSettings are those of Logstash's beats input that change what outputs write, under its names.
func writtenSettings(w *logstash.Settings) section {
	enrichment := func(target *string) single[string] {
		return choiceSetting(target, logstash.EnrichSourceMetadata, logstash.EnrichCodecMetadata,
			logstash.EnrichSSLPeerMetadata, logstash.EnrichAll, logstash.EnrichNone)
	}
	tag := func(target *string) single[string] { return textSetting(target, "a tag such as web", isEventText) }
	return section{
		{name: "enrich", value: textsSetting{&w.Enrich, 1, mostEnrichments, enrichment}},
		{name: "include_codec_tag", value: givenFlagSetting(&w.IncludeCodecTag)},
		{name: "ecs_compatibility", value: choiceSetting(&w.ECSCompatibility,
			logstash.ECSv8, logstash.ECSv1, logstash.ECSDisabled)},
		{name: "tags", value: textsSetting{&w.Tags, 0, mostEntries, tag}},
		{name: "type", value: textSetting(&w.Type, "a type such as nginx")},
		{name: "add_field", value: addedFields{&w.AddField}},
		{name: "add_hostname", value: flagSetting(&w.AddHostname)},
	}
}

// checkWritten judges the settings together, and has what writes events made of them.
func (d *decoder) checkWritten(path string, l *Lumberjack) {
	enrich, tag := path+".enrich", path+".include_codec_tag"
	paths := []string{
		enrich, tag, path + ".ecs_compatibility", path + ".tags", path + ".type", path + ".add_field", path + ".add_hostname",
	}
	alone := slices.IndexFunc(l.Written.Enrich, func(name string) bool {
		return name == logstash.EnrichAll || name == logstash.EnrichNone
	})
	switch {
	case !d.sound(paths...):
	case alone >= 0 && len(l.Written.Enrich) > 1:
		d.complain(enrich, l.Written.Enrich[alone]+" must stand alone; leave out the others")
	case d.has(enrich) && d.has(tag):
		d.complain(tag, "include_codec_tag and enrich exclude each other; keep enrich alone")
	default:
		if _, err := logstash.NewEncoder(l.Written); err != nil {
			d.complain(path, reason(err)) // can't be: each was checked
		}
	}
	asked := l.TLS != nil && len(l.TLS.ClientAuthorities) > 0
	if slices.Contains(l.Written.Enrich, logstash.EnrichSSLPeerMetadata) && !asked && d.sound(path+".tls") {
		d.warn(enrich, "without tls.client_authorities no client is asked who it is, so that ssl_peer_metadata adds nothing")
	}
}

// reason returns what an error about a setting of the beats input says of it, in one short line.
func reason(err error) string {
	message := err.Error()
	for _, sentinel := range []error{logstash.ErrSettings, logstash.ErrTemplate} {
		if _, behind, found := strings.Cut(message, sentinel.Error()+": "); found && errors.Is(err, sentinel) {
			message = behind
		}
	}
	return shortened(message, longestMessage)
}

// isEventText checks a text with references to the event.
func isEventText(text string) error {
	_, err := parseEventText(text)
	return err
}

// parseEventText compiles a text with references to the event. The error's problem does not repeat the text.
func parseEventText(text string) (*logstash.Template, error) {
	template, err := logstash.ParseTemplate(text)
	if err == nil {
		return template, nil
	}
	cause := err.Error()
	if at := strings.LastIndex(cause, "at byte "); at >= 0 {
		cause = cause[at:]
	}
	return nil, &misfit{cause: shortened(cause, longestMessage)}
}

// givenFlagSetting is true or false, or neither where it is not set.
func givenFlagSetting(target **bool) single[*bool] {
	flag := flagSetting(new(bool))
	parse := func(text string) (*bool, error) {
		value, err := flag.parse(text)
		return &value, err
	}
	show := func(value *bool) *yaml.Node {
		if value == nil {
			return nil
		}
		return flag.show(*value)
	}
	return single[*bool]{target: target, what: flag.what, parse: parse, show: show}
}
