package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/shipper"
)

// DemoOptions say how the demo plays.
type DemoOptions struct {
	// Speed divides the pauses of the stream: at 1 its quiet part takes 100 seconds.
	Speed float64
	// Documents prints each alert document below its line.
	Documents bool
}

// demoPatience is how long the demo waits for an alert beyond the rule's idle time.
const demoPatience = 30 * time.Second

// Demo starts a whole logboom on free ports and a temporary folder, plays a quiet stream with a burst behind it through a
// real Lumberjack connection, and shows the alert going on and off. It fails unless both came.
func Demo(ctx context.Context, options DemoOptions, streams Streams) error {
	if options.Speed <= 0 {
		return &UsageError{fmt.Errorf("--speed=%v: must be more than 0", options.Speed)}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder, err := os.MkdirTemp("", "logboom-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	show := newDemoScreen(streams.Out, options)
	a, err := New(demoConfig(folder), Options{
		Logger: zerolog.New(streams.Err).Level(zerolog.ErrorLevel), Stdout: show, Version: Version().Version,
	})
	if err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	show.begin(a)
	err = play(ctx, a, options, show)
	stopping, cancel := context.WithTimeout(context.Background(), StopTimeout)
	defer cancel()
	return errors.Join(err, a.Stop(stopping))
}

func demoConfig(folder string) config.Config {
	c := config.Default()
	c.Data = folder
	c.Inputs.Lumberjack.Listen = "127.0.0.1:0"
	c.HTTP.Listen = "127.0.0.1:0"
	// The demo's journal lives for seconds and holds kilobytes; it should run where the disk is nearly full, too.
	c.Journal.Budget, c.Journal.SegmentSize, c.Journal.Reserve = 16<<20, 1<<20, 1<<20
	return c
}

func play(ctx context.Context, a *App, options DemoOptions, show *demoScreen) error {
	settings := shipper.DefaultOptions(a.LumberjackAddress().String())
	settings.Linger = -1 // the demo shows latency: each line goes at once
	client, err := shipper.Dial(ctx, settings)
	if err != nil {
		return err
	}
	agent := shipper.NewAgent(hostname(""), uint64(time.Now().UnixNano()))
	err = playLines(ctx, client, agent, options.Speed, show)
	if err == nil {
		err = client.Flush(ctx)
	}
	if err == nil {
		show.quiet(a.config.Rules[0].Idle)
		err = show.wait(ctx, a.config.Rules[0].Idle+demoPatience)
	}
	return errors.Join(err, client.Close())
}

// playLines sends the numbers at their times. The events carry the stream's own times, so that the rule sees the same
// stream at every speed.
func playLines(ctx context.Context, client *shipper.Client, agent *shipper.Agent, speed float64, show *demoScreen) error {
	at, offset := time.Now(), int64(0)
	for wait, line := range shipper.Numbers(speed) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		at = at.Add(time.Duration(float64(wait) * speed))
		show.sending(line)
		document := agent.AppendEvent(nil, at, "/input_stream/example.log", offset, line)
		if err := client.Send(ctx, [][]byte{document}); err != nil {
			return err
		}
		offset += int64(len(line)) + 1
	}
	return nil
}

// demoScreen shows what happens. It is the sink that the alerts go to, as JSON lines, and so sees just what a user's would.
type demoScreen struct {
	out       io.Writer
	options   DemoOptions
	colours   bool
	mutex     sync.Mutex
	sent      map[string]time.Time
	seen      int
	both      chan struct{}
	remaining []byte
}

func newDemoScreen(out io.Writer, options DemoOptions) *demoScreen {
	return &demoScreen{
		out: out, options: options, colours: isTerminal(out) && os.Getenv("NO_COLOR") == "",
		sent: make(map[string]time.Time), both: make(chan struct{}),
	}
}

func (d *demoScreen) begin(a *App) {
	rule := a.config.Rules[0]
	printf(d.out, "logboom listens on %s as Filebeat's output.logstash would find it; health on http://%s/healthz\n",
		a.LumberjackAddress(), a.HTTPAddress())
	printf(d.out, "rule %q: %d or more lines within %s\n\n", rule.Name, rule.Threshold, rule.Window)
	printf(d.out, "lines   1-100, one a second, at %g times the speed\n", d.options.Speed)
}

func (d *demoScreen) sending(line string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.sent[line] = time.Now()
	if line == "101" {
		printf(d.out, "lines 101-200, one each 10 ms\n")
	}
}

func (d *demoScreen) quiet(idle time.Duration) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	printf(d.out, "no more lines; after %s of silence the alert ends\n", idle)
}

// demoAlert is what the demo reads of an alert document.
type demoAlert struct {
	Alert   bool   `json:"alert"`
	Message string `json:"message"`
	Event   struct {
		Duration time.Duration `json:"duration"`
	} `json:"event"`
	Logboom struct {
		Count   uint64   `json:"count"`
		Peak    uint64   `json:"peak"`
		Window  string   `json:"window"`
		Samples []string `json:"samples"`
	} `json:"logboom"`
}

// Write implements io.Writer for the sink: each line is an alert document.
func (d *demoScreen) Write(document []byte) (int, error) {
	arrived := time.Now()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.remaining = append(d.remaining, document...)
	for {
		line, rest, whole := bytes.Cut(d.remaining, []byte("\n"))
		if !whole {
			return len(document), nil
		}
		d.alert(line, arrived)
		d.remaining = rest
	}
}

func (d *demoScreen) alert(line []byte, arrived time.Time) {
	var alert demoAlert
	if err := json.Unmarshal(line, &alert); err != nil {
		printf(d.out, "no alert document: %s\n", line)
		return
	}
	if alert.Alert {
		printf(d.out, "\n  %s\n  %d lines within %s; delivered %s after line %s was sent\n\n", d.paint(alert.Message, 31),
			alert.Logboom.Count, alert.Logboom.Window, d.latency(alert, arrived), alert.Logboom.Samples[len(alert.Logboom.Samples)-1])
	} else {
		printf(d.out, "\n  %s\n  it lasted %s, with a peak of %d lines within %s\n\n", d.paint(alert.Message, 32),
			alert.Event.Duration.Round(time.Millisecond), alert.Logboom.Peak, alert.Logboom.Window)
	}
	if d.options.Documents {
		printf(d.out, "  %s\n\n", line)
	}
	if d.seen++; d.seen == 2 {
		close(d.both)
	}
}

// latency is the time from the sending of the deciding line to the delivery of the alert.
func (d *demoScreen) latency(alert demoAlert, arrived time.Time) string {
	if len(alert.Logboom.Samples) == 0 {
		return "?"
	}
	deciding := alert.Logboom.Samples[len(alert.Logboom.Samples)-1]
	return fmt.Sprintf("%.1f ms", float64(arrived.Sub(d.sent[deciding]).Microseconds())/1000)
}

func (d *demoScreen) paint(text string, colour int) string {
	if !d.colours {
		return text
	}
	return fmt.Sprintf("\x1b[1;%dm%s\x1b[0m", colour, text)
}

func (d *demoScreen) wait(ctx context.Context, patience time.Duration) error {
	select {
	case <-d.both:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(patience):
		return errors.New("the alert did not go on and off; please report this with the output of " + strings.Join(os.Args, " "))
	}
}
