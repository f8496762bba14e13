package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/logboom/logboom/internal/shipper"
)

// SendOptions say what is sent where.
type SendOptions struct {
	// To is the address of a Lumberjack server; without a port it is 5044.
	To string
	// Files are sent line by line, one after the other; - is standard input.
	Files []string
	// Rate is how many events a second are sent; 0 is no limit.
	Rate float64
	// Window and Compression are Filebeat's bulk_max_size and compression_level.
	Window, Compression int
	// Hostname is the host.name of the events; the machine's own where it is empty.
	Hostname string
	// TLS uses TLS; CA is a PEM file to trust instead of the system's authorities, and implies TLS.
	TLS bool
	CA  string
	// Attempts is how many times in a row a connection may fail; 0 is no limit.
	Attempts int
	// JSON prints the report as JSON.
	JSON bool
}

// Send sends the lines of files as Filebeat would, and returns when all are acknowledged, or with an error when SIGINT or
// SIGTERM ends it first. Progress goes to streams.Err where that is a terminal, the report to streams.Out.
func Send(ctx context.Context, options SendOptions, streams Streams) error {
	if err := options.check(); err != nil {
		return &UsageError{err}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := dialShipper(ctx, options, streams.Err)
	if err != nil {
		return err
	}
	bar := newProgress(streams.Err)
	report, err := shipper.SendFiles(ctx, client, shipper.NewAgent(hostname(options.Hostname), uint64(time.Now().UnixNano())),
		options.Files, shipper.FileOptions{Rate: options.Rate, Input: streams.In, Progress: bar.show})
	bar.finish()
	if err == nil {
		err = client.Close()
	} else {
		_ = client.Close() // what it would say was said
	}
	return errors.Join(err, printReport(report, options, streams.Out))
}

// check finds mistakes that need no server.
func (o SendOptions) check() error {
	if o.Compression < 0 || o.Compression > 9 {
		return fmt.Errorf("--compression=%d: 0 to 9", o.Compression)
	}
	if o.Window < 1 || o.Window > shipper.MostEvents {
		return fmt.Errorf("--window=%d: 1 to %d", o.Window, shipper.MostEvents)
	}
	for _, name := range o.Files {
		if name == shipper.StandardInput {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("nothing was sent: %w", err)
		}
	}
	return nil
}

func dialShipper(ctx context.Context, options SendOptions, out io.Writer) (*shipper.Client, error) {
	settings := shipper.DefaultOptions(options.To)
	settings.Window, settings.Compression, settings.Attempts = options.Window, options.Compression, options.Attempts
	settings.OnRetry = func(err error, after time.Duration) {
		printf(out, "logboom: %v; trying again in %s\n", err, after.Round(time.Millisecond))
	}
	if options.TLS || options.CA != "" {
		trusted, err := trust(options.CA)
		if err != nil {
			return nil, &UsageError{err}
		}
		settings.TLS = trusted
	}
	return shipper.Dial(ctx, settings)
}

func hostname(name string) string {
	if name != "" {
		return name
	}
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "localhost"
}

func printReport(report shipper.Report, options SendOptions, out io.Writer) error {
	if options.JSON {
		return json.NewEncoder(out).Encode(struct {
			Events    int64   `json:"events"`
			Bytes     int64   `json:"bytes"`
			Windows   int64   `json:"windows"`
			Resent    int64   `json:"resent"`
			Truncated int64   `json:"truncated"`
			Seconds   float64 `json:"seconds"`
		}{report.Events, report.Bytes, report.Windows, report.Resent, report.Truncated, report.Duration.Seconds()})
	}
	_, err := fmt.Fprintf(out, "%d events acknowledged by %s (%d bytes, %d windows, %d resent) in %s\n",
		report.Events, options.To, report.Bytes, report.Windows, report.Resent, report.Duration.Round(time.Millisecond))
	return err
}

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct {
	out io.Writer
	bar *progressbar.ProgressBar
}

func newProgress(out io.Writer) *progress {
	if !isTerminal(out) {
		return &progress{}
	}
	return &progress{out: out}
}

func (p *progress) show(done shipper.Progress) {
	if p.out == nil {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(done.TotalBytes, progressbar.OptionSetWriter(p.out), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription("sending"), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	_ = p.bar.Set64(done.Bytes) // a bar that cannot be drawn is no reason to stop
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
