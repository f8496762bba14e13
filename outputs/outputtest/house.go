package outputtest

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

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

// Patience is how long tests wait for what must come.
const Patience = 20 * time.Second

// The names of the outputs that a House has: UnderTest is the one under test, reference one that sees the same events.
const (
	UnderTest = "test"
	reference = "reference"
)

// House is a pipeline on a real journal.
type House struct {
	t        testing.TB
	folder   string
	journal  *journal.Journal
	pipeline *pipeline.Pipeline
	// Sent is how many events were handed over. They have the numbers from 0 in their field number.
	Sent int
}

// NewHouse opens a pipeline in a folder of its own, until the test ends.
func NewHouse(t testing.TB) *House {
	h := &House{t: t, folder: t.TempDir()}
	h.open()
	t.Cleanup(h.close)
	return h
}

func (h *House) open() {
	h.t.Helper()
	opened, err := journal.Open(journal.Options{
		Directory: h.folder, SegmentBytes: 1 << 20, Budget: 1 << 30, Reserve: 1, Logger: zerolog.Nop(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	set, err := rules.Compile([]rules.Rule{{Name: "r", Window: time.Second, Threshold: 1_000_000}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.journal = opened
	h.pipeline, err = pipeline.New(pipeline.Options{
		Journal: opened, Rules: set, Outputs: []string{UnderTest, reference}, Logger: zerolog.Nop(),
		DeadLetter: func(context.Context, []pipeline.DeadLetter) error { return nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *House) close() {
	if h.pipeline == nil {
		return
	}
	if err := h.pipeline.Close(context.Background()); err != nil {
		h.t.Error(err)
	}
	if err := h.journal.Close(); err != nil {
		h.t.Error(err)
	}
	h.pipeline = nil
}

// Reopen closes the pipeline and opens it again, as a restart of the process does. No Delivery may run.
func (h *House) Reopen() {
	h.close()
	h.open()
}

// Events returns those of the journal.
func (h *House) Events() outputs.Log { return h.pipeline.Events() }

// strange are texts that are easily damaged on their way: quotes, controls, HTML, characters of all lengths.
const strange = `\"\\\/\b\n\u0000\u2028<script>&amp;'%{[host]}é€😀\ud83d`

// Event returns a document as Filebeat sends it, with a number and so many characters of padding.
func Event(number, size int) []byte {
	text := ""
	if number%7 == 3 {
		text = strange
	}
	return fmt.Appendf(nil,
		`{"@timestamp":"2026-11-24T10:00:00.000Z","@metadata":{"beat":"filebeat","type":"_doc","version":"8.6.1"},`+
			`"number":%d,"big":12345678901234567890.10,"message":"%s%0*d"}`, number, text, size, 0)
}

// Send hands over count events, numbered on, each with so many characters of padding, as Filebeat sends them or bare.
func (h *House) Send(count, size int, compressed bool) {
	h.t.Helper()
	batch := &pipeline.Batch{Source: "lumberjack", Peer: "192.0.2.7:50000"}
	var frames []byte
	for range count {
		document := Event(h.Sent, size)
		h.Sent++
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
		h.t.Fatal(err)
	}
}

// deliver runs a Delivery of an output until stop is called, or the test ends. Options need not have anything: waits
// between tries are short by themselves, and dead letters forgotten.
func (h *House) deliver(
	name string, output outputs.Output, log outputs.Log, options outputs.Options,
) (d *outputs.Delivery, stop func()) {
	h.t.Helper()
	h.setDefaults(&options)
	d = outputs.NewDelivery(name, output, log, options)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	var once sync.Once
	stop = func() {
		h.t.Helper()
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				if err != nil {
					h.t.Error(err)
				}
			case <-time.After(Patience):
				h.t.Error("Run did not return after its context had ended")
			}
		})
	}
	h.t.Cleanup(stop)
	return d, stop
}

func (h *House) setDefaults(options *outputs.Options) {
	h.t.Helper()
	if options.Encoder == nil {
		encoder, err := logstash.NewEncoder(logstash.Settings{})
		if err != nil {
			h.t.Fatal(err)
		}
		options.Encoder = encoder
	}
	if options.RetryMin == 0 {
		options.RetryMin, options.RetryMax = time.Microsecond, time.Millisecond
	}
	if options.DeadLetters == nil {
		options.DeadLetters = func(context.Context, []outputs.DeadLetter) error { return nil }
	}
}

// Bodies returns what each event that was sent has to be written as, by its number.
func (h *House) Bodies(options outputs.Options) [][]byte {
	h.t.Helper()
	memory := &memory{bodies: make(map[int][]byte)}
	options.Where, options.MostBehind = nil, 0
	_, stop := h.deliver(reference, memory, rewound{h.Events()}, options)
	WaitFor(h.t, func() bool { return memory.count() == h.Sent })
	stop()
	bodies := make([][]byte, h.Sent)
	for number := range bodies {
		bodies[number] = memory.bodies[number]
	}
	return bodies
}

// WaitFor returns as soon as condition holds, and fails the test when it does not for Patience.
func WaitFor(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come true")
		}
	}
}
