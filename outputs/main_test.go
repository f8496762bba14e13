package outputs

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long tests wait for what must come.
const patience = time.Minute

// house is a pipeline on a real journal, whose events an output is given.
type house struct {
	// log stands between the journal and what is delivered, if it is not nil.
	log func(Log) Log
	testing.TB
	folder   string
	journal  *journal.Journal
	pipeline *pipeline.Pipeline
	number   int
}

func newHouse(t testing.TB) *house {
	h := &house{TB: t, folder: t.TempDir()}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *house) open() {
	h.Helper()
	opened, err := journal.Open(journal.Options{
		Directory: h.folder, SegmentBytes: 1 << 20, Budget: 1 << 30, Reserve: 1, Logger: zerolog.Nop(),
	})
	if err != nil {
		h.Fatal(err)
	}
	set, err := rules.Compile([]rules.Rule{{Name: "r", Window: time.Second, Threshold: 1_000_000}})
	if err != nil {
		h.Fatal(err)
	}
	h.journal = opened
	h.pipeline, err = pipeline.New(pipeline.Options{
		Journal: opened, Rules: set, Outputs: []string{"test"}, Logger: zerolog.Nop(),
		DeadLetter: func(context.Context, []pipeline.DeadLetter) error { return nil },
	})
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) close() {
	if h.pipeline == nil {
		return
	}
	if err := h.pipeline.Close(context.Background()); err != nil {
		h.Error(err)
	}
	if err := h.journal.Close(); err != nil {
		h.Error(err)
	}
	h.pipeline = nil
}

func (h *house) reopen() {
	h.close()
	h.open()
}

// send hands over count events, numbered, padded to a size, as Filebeat sends them or bare.
func (h *house) send(count, size int, compressed bool) {
	h.Helper()
	batch := &pipeline.Batch{Source: "lumberjack", Peer: "192.0.2.7:50000"}
	var frames []byte
	for range count {
		document := fmt.Appendf(nil, `{"@timestamp":"2026-11-24T10:00:00.000Z","number":%d,"message":"%0*d"}`, h.number, size, 0)
		h.number++
		batch.Events = append(batch.Events, document)
		frames = append(frames, '2', 'J', 0, 0, 0, 0)
		frames = append(binary.BigEndian.AppendUint32(frames, uint32(len(document))), document...)
	}
	if compressed {
		var stream bytes.Buffer
		w := zlib.NewWriter(&stream)
		_, _ = w.Write(frames)
		_ = w.Close()
		batch.Parts = []pipeline.Part{{Count: count, Zlib: stream.Bytes()}}
	}
	if err := h.pipeline.Handle(context.Background(), batch); err != nil {
		h.Fatal(err)
	}
}

// encoder is one without settings.
func (h *house) encoder() *logstash.Encoder {
	h.Helper()
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		h.Fatal(err)
	}
	return encoder
}

// deliver runs a Delivery of an output until stop is called.
func (h *house) deliver(output Output, options Options) (d *Delivery, stop func()) {
	h.Helper()
	if options.Encoder == nil {
		options.Encoder = h.encoder()
	}
	if options.RetryMin == 0 {
		options.RetryMin, options.RetryMax = time.Microsecond, time.Millisecond
	}
	if options.DeadLetters == nil {
		options.DeadLetters = func(context.Context, []DeadLetter) error { return nil }
	}
	var log Log = h.pipeline.Events()
	if h.log != nil {
		log = h.log(log)
	}
	d = NewDelivery("test", output, log, options)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				h.Error(err)
			}
		})
	}
	h.Cleanup(stop)
	return d, stop
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
	}
}
