package logstash

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Values of Settings.Enrich, the beats input's setting `enrich`.
const (
	EnrichSourceMetadata  = "source_metadata"   // the address of the client, for templates
	EnrichCodecMetadata   = "codec_metadata"    // the tag that names the codec, and event.original
	EnrichSSLPeerMetadata = "ssl_peer_metadata" // who the client proved to be, for templates
	EnrichAll             = "all"               // all of these; must stand alone
	EnrichNone            = "none"              // none of these; must stand alone
)

// Values of Settings.ECSCompatibility, the beats input's setting `ecs_compatibility`.
const (
	ECSDisabled = "disabled"
	ECSv1       = "v1"
	ECSv8       = "v8"
)

// ErrSettings is wrapped by every error about settings that cannot be used.
var ErrSettings = errors.New("unusable setting of the beats input")

// Settings are those of Logstash's beats input that change what is written. The zero value is Logstash's defaults.
type Settings struct {
	// Enrich is what to add; empty means source_metadata and codec_metadata.
	Enrich []string
	// IncludeCodecTag is the deprecated setting `include_codec_tag`, nil if it is not set. It must not be set together
	// with Enrich. False leaves the tag out and keeps event.original.
	IncludeCodecTag *bool
	// ECSCompatibility is v8, which v1 is equal to here, or disabled; empty means v8. Disabled leaves event.original
	// out, and names what templates read of the origin as old versions did: [@metadata][ip_address] and
	// [@metadata][tls_peer][protocol], [subject] and [cipher_suite].
	ECSCompatibility string
	// AddHostname is the deprecated setting `add_hostname`. With ecs_compatibility disabled it sets host to what Beats
	// before version 7 sent as beat.hostname, if the event has no host; else it only gives templates that name as
	// [@metadata][input][beats][host][name].
	AddHostname bool
	// Type is the value of the field `type` for events that have none; empty adds nothing.
	Type string
	// Tags are appended to the event's own, in this order, even if they are there already. They may contain %{...}.
	Tags []string
	// AddField are added in this order.
	AddField []Field
}

// Field is a field to add. If the event has it already, the value is appended to what is there and the field becomes
// an array, as in Logstash; add the same name twice to make an array of two.
type Field struct {
	// Name is a name, or a path as [a][b]; it must not contain %{...}. A name in [@metadata] is for templates only.
	Name string
	// Value is a text that may contain %{...}.
	Value string
}

// rules are settings that were understood.
type rules struct {
	sourceMetadata, sslPeerMetadata bool
	codecTag, original              bool
	legacyNames                     bool // ecs_compatibility disabled
	addHostname                     bool
}

// understand checks the settings and returns what they mean.
func (s Settings) understand() (rules, error) {
	if err := s.check(); err != nil {
		return rules{}, err
	}
	has := func(enrichment string) bool {
		if len(s.Enrich) == 0 {
			return enrichment != EnrichSSLPeerMetadata
		}
		return s.Enrich[0] == EnrichAll || slices.Contains(s.Enrich, enrichment)
	}
	understood := rules{
		sourceMetadata:  has(EnrichSourceMetadata),
		sslPeerMetadata: has(EnrichSSLPeerMetadata),
		codecTag:        has(EnrichCodecMetadata),
		legacyNames:     s.ECSCompatibility == ECSDisabled,
		addHostname:     s.AddHostname,
	}
	understood.original = understood.codecTag && !understood.legacyNames
	if s.IncludeCodecTag != nil {
		understood.codecTag = *s.IncludeCodecTag
	}
	return understood, nil
}

func (s Settings) check() error {
	known := []string{EnrichSourceMetadata, EnrichCodecMetadata, EnrichSSLPeerMetadata, EnrichAll, EnrichNone}
	for _, name := range s.Enrich {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w: enrich: %q is unknown, write any of %s", ErrSettings, name, strings.Join(known, ", "))
		}
		if (name == EnrichAll || name == EnrichNone) && len(s.Enrich) > 1 {
			return fmt.Errorf("%w: enrich: %q must stand alone, leave out the others", ErrSettings, name)
		}
	}
	if s.IncludeCodecTag != nil && len(s.Enrich) > 0 {
		return fmt.Errorf("%w: include_codec_tag and enrich exclude each other, keep enrich alone", ErrSettings)
	}
	switch s.ECSCompatibility {
	case "", ECSDisabled, ECSv1, ECSv8:
		return nil
	default:
		return fmt.Errorf("%w: ecs_compatibility: %q is unknown, write %s or %s",
			ErrSettings, s.ECSCompatibility, ECSv8, ECSDisabled)
	}
}
