package logstash

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"strings"
	"testing"
)

func TestSettingsMistakes(t *testing.T) {
	yes := true
	tests := []struct {
		settings Settings
		kind     error
		says     string
	}{
		{Settings{Enrich: []string{"codec"}}, ErrSettings, `enrich: "codec" is unknown, write any of source_metadata,`},
		{Settings{Enrich: []string{"all", "codec_metadata"}}, ErrSettings, `enrich: "all" must stand alone`},
		{Settings{Enrich: []string{"none"}, IncludeCodecTag: &yes}, ErrSettings, "include_codec_tag and enrich exclude each other"},
		{Settings{ECSCompatibility: "v7"}, ErrSettings, `ecs_compatibility: "v7" is unknown, write v8 or disabled`},
		{Settings{Tags: []string{"a%{+T}"}}, ErrTemplate, `tags: malformed template "a%{+T}": at byte 1`},
		{Settings{AddField: []Field{{"a", "%{"}}}, ErrTemplate, `add_field "a": malformed template`},
		{Settings{AddField: []Field{{"tags", "%{"}}}, ErrTemplate, `add_field "tags": malformed template`},
		{Settings{AddField: []Field{{"[@metadata][a]", "%{"}}}, ErrTemplate, `add_field "[@metadata][a]": malformed template`},
		{Settings{AddField: []Field{{"%{a}", "b"}}}, ErrSettings, "the name of a field to add must not contain %{...}"},
		{Settings{AddField: []Field{{"[a]b", "b"}}}, ErrSettings, "write the name as name or [a][b]"},
		{Settings{AddField: []Field{{"", "b"}}}, ErrSettings, "write the name as name or [a][b]"},
		{Settings{AddField: []Field{{"@timestamp", "b"}}}, ErrSettings, "@timestamp cannot be added"},
		{Settings{AddField: []Field{{"@metadata.a", "b"}}}, ErrSettings, "a field of @metadata is written [@metadata][name]"},
		{Settings{AddField: []Field{{"[@metadata]", "b"}}}, ErrSettings, "@metadata cannot be added"},
	}
	for _, test := range tests {
		encoder, err := NewEncoder(test.settings)
		if encoder != nil || !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %q in it", test.settings, err, test.says)
		}
	}
}

func TestPeerOf(t *testing.T) {
	subject := pkix.Name{CommonName: "web1", Organization: []string{"Example"}, Country: []string{"NL"}}
	state := &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	if peer := PeerOf(state); *peer != (TLSPeer{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256"}) {
		t.Errorf("without a certificate: %+v", peer)
	}
	state.PeerCertificates = []*x509.Certificate{{Subject: subject}}
	if peer := PeerOf(state); !peer.Verified || peer.Subject != "CN=web1,O=Example,C=NL" {
		t.Errorf("with a certificate: %+v", peer)
	}
}
