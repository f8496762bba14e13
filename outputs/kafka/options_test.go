package kafka

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logboom/logboom/internal/kafka"
)

func TestOptionsMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no brokers":      {func(o *Options) { o.Cluster.Brokers = nil }, "brokers:"},
		"a broker's user": {func(o *Options) { o.Cluster.Brokers = []string{"me:" + secret + "@k:1"} }, "brokers[0]:"},
		"login":           {func(o *Options) { o.Cluster.SASL = kafka.SASL{Mechanism: kafka.Plain} }, "sasl:"},
		"client":          {func(o *Options) { o.Cluster.ClientID = strings.Repeat("x", 250) }, "client_id:"},
		"topic":           {func(o *Options) { o.Topic = "a b" }, `topic: "a b" is no name of a topic`},
		"topic's text":    {func(o *Options) { o.Topic = "%{a" }, "topic: malformed template"},
		"key":             {func(o *Options) { o.Key = "%{" }, "key: malformed template"},
		"compression":     {func(o *Options) { o.Compression = "zip" }, "compression:"},
		"small records":   {func(o *Options) { o.MaxRecordBytes = 10 }, "max_record_bytes:"},
		"large records":   {func(o *Options) { o.MaxRecordBytes = 1 << 30 }, "max_record_bytes:"},
		"timeout":         {func(o *Options) { o.Timeout = time.Millisecond }, "timeout:"},
	} {
		options := optionsFor("127.0.0.1:1")
		test.change(&options)
		_, err := New(options)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
	err := Options{Topic: " ", Compression: "x", MaxRecordBytes: -1}.Validate()
	for _, want := range []string{"brokers:", "topic:", "compression:", "max_record_bytes:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	o := newWriter(t, optionsFor("127.0.0.1:1")).options
	if o.Topic != "logs" || o.Compression != CompressionSnappy || o.MaxRecordBytes != 1<<20 || o.Timeout != 30*time.Second ||
		o.Cluster.ClientID != "logboom" || !slices.Equal(o.Texts(), []string{"logs"}) {
		t.Errorf("%+v", o)
	}
	for bytes := LeastMaxRecordBytes; bytes <= MostMaxRecordBytes; bytes *= 2 {
		o.MaxRecordBytes = bytes
		w := newWriter(t, o)
		if err := w.connect(); err != nil {
			t.Errorf("%d: %v", bytes, err)
		}
	}
}
