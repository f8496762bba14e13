package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestOptionsMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no brokers":            {func(o *Options) { o.Brokers = nil }, "brokers:"},
		"a broker without port": {func(o *Options) { o.Brokers = []string{"kafka:9092", "kafka"} }, "brokers[1]:"},
		"port 0":                {func(o *Options) { o.Brokers = []string{"kafka:0"} }, "brokers[0]:"},
		"a scheme":              {func(o *Options) { o.Brokers = []string{"kafka://kafka:9092"} }, "brokers[0]:"},
		"a user":                {func(o *Options) { o.Brokers = []string{"me@kafka:9092"} }, "brokers[0]:"},
		"no topics":             {func(o *Options) { o.Topics = nil }, "topics:"},
		"an empty topic":        {func(o *Options) { o.Topics = []string{"logs", ""} }, "topics:"},
		"no group":              {func(o *Options) { o.Group = "" }, "group:"},
		"start":                 {func(o *Options) { o.Start = "beginning" }, `"beginning"`},
		"mechanism":             {func(o *Options) { o.SASL = SASL{"GSSAPI", "a", "b"} }, `"GSSAPI"`},
		"no mechanism":          {func(o *Options) { o.SASL.Username = "a" }, "need a mechanism"},
		"no password":           {func(o *Options) { o.SASL = SASL{Plain, "a", ""} }, "user name and a password"},
		"session timeout":       {func(o *Options) { o.SessionTimeout = time.Millisecond }, "session_timeout:"},
		"rebalance timeout":     {func(o *Options) { o.RebalanceTimeout = -1 }, "rebalance_timeout:"},
		"little bytes":          {func(o *Options) { o.MaxBytes = 10 }, "max_bytes:"},
		"many bytes":            {func(o *Options) { o.MaxBytes = 1 << 30; o.MaxDecompressed = 1 << 30 }, "max_bytes:"},
		"batch":                 {func(o *Options) { o.MaxBatch = -1 }, "max_batch:"},
		"decompressed":          {func(o *Options) { o.MaxDecompressed = 1024 }, "max_decompressed:"},
		"commit interval":       {func(o *Options) { o.CommitInterval = -1 }, "commit_interval"},
		"backoff":               {func(o *Options) { o.MinBackoff, o.MaxBackoff = 2, 1 }, "backoff:"},
	} {
		t.Run(name, func(t *testing.T) {
			options := testOptions([]string{"127.0.0.1:1"})
			test.change(&options)
			_, err := New(newStore().handle, newStore().position, options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	err := Options{Start: "x", SASL: SASL{Mechanism: "y"}, MaxBatch: -1}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"brokers:", "topics:", "group:", "start:", "sasl:", "max_batch:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	options := Options{Brokers: []string{"kafka:9092", "[::1]:9092"}, Topics: []string{"logs"}, Group: "0"}
	if err := options.Validate(); err != nil {
		t.Error(err)
	}
	if filled := options.withDefaults(); filled.SessionTimeout != 6*time.Second || filled.Start != Earliest {
		t.Errorf("defaults: %+v", filled)
	}
}

func TestNewNeedsItsFunctions(t *testing.T) {
	journal := newStore()
	options := testOptions([]string{"127.0.0.1:1"})
	if _, err := New(nil, journal.position, options); err == nil {
		t.Error("no handler: accepted")
	}
	if _, err := New(journal.handle, nil, options); err == nil {
		t.Error("no positions: accepted")
	}
}

func TestNoTextHoldsThePassword(t *testing.T) {
	options := testOptions([]string{"user:" + secret + "@kafka:9092"})
	options.SASL = SASL{"x" + Plain, "logboom", secret}
	encoded, err := json.Marshal(options.SASL)
	if err != nil {
		t.Fatal(err)
	}
	_, mistake := New(newStore().handle, newStore().position, options)
	texts := []string{string(encoded), mistake.Error(), options.SASL.String(), SASL{}.String()}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		texts = append(texts, fmt.Sprintf(format, options.SASL), fmt.Sprintf(format, struct{ S SASL }{options.SASL}))
	}
	for _, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("the password is in %s", text)
		}
	}
}

func TestUnencryptedPasswordIsWarnedOf(t *testing.T) {
	cluster := newSecureCluster(t, Plain)
	var log logged
	options := testOptions(cluster.ListenAddrs())
	options.SASL = SASL{Plain, "logboom", secret}
	options.Logger = options.Logger.Output(&log).Level(0)
	source, err := New(newStore().handle, newStore().position, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := source.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "unencrypted") || strings.Contains(log.String(), secret) {
		t.Errorf("log: %s", log.String())
	}
}
