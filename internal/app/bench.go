package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/bench/events"
	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/process"
)

// BenchOptions say how a server is put under load.
type BenchOptions struct {
	// To is the address of a Lumberjack server; without a port it is 5044.
	To string
	// Connections, Window, Pipelining and Compression are Filebeat's worker, bulk_max_size, pipelining and compression_level.
	Connections, Window, Pipelining, Compression int
	// Events and Duration end the run; at most one of them is set, and where none is, it takes 10 s.
	Events   int64
	Duration time.Duration
	// Rate is how many events a second are sent at most; 0 is no limit.
	Rate float64
	// Size is the mean size of events, Keys how many values source.address has, and Pool how many distinct events there are.
	Size, Keys, Pool int
	// PID is the server's process on this machine, of which CPU and memory are measured; 0 is none.
	PID int
	// TLS uses TLS; CA is a PEM file to trust instead of the system's authorities, and implies TLS.
	TLS bool
	CA  string
	// JSON prints the report as JSON.
	JSON bool
}

// Bench puts a server under load and prints how it fared. SIGINT and SIGTERM end it early: with a report, and as a failure.
// Progress goes to streams.Err where that is a terminal, the report to streams.Out.
func Bench(ctx context.Context, options BenchOptions, streams Streams) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, err := options.load()
	if err != nil {
		return &UsageError{err}
	}
	if options.PID != 0 {
		if _, err := process.Observe(options.PID); err != nil {
			return &UsageError{fmt.Errorf("--pid: %w", err)}
		}
	}
	bar := newBenchProgress(streams.Err)
	pool, err := load.NewPool(ctx, options.pool(bar))
	bar.finish()
	if err != nil {
		return benchError(err)
	}
	measured, err := options.measure(ctx, pool, settings, bar)
	if measured.result.Events > 0 {
		err = errors.Join(err, printBench(measured, options, streams.Out))
	}
	return benchError(err)
}

// measurement is a run with what the server used for it.
type measurement struct {
	result        *load.Result
	before, after process.Usage // of the server
	stamped       float64
}

func (o BenchOptions) measure(
	ctx context.Context, pool *load.Pool, settings load.Options, bar *benchProgress,
) (m measurement, err error) {
	m.stamped = pool.Stamped()
	if o.PID != 0 {
		if m.before, err = process.Observe(o.PID); err != nil {
			return measurement{result: new(load.Result)}, err
		}
	}
	settings.Progress = bar.load(settings)
	m.result, err = load.Run(ctx, pool, settings)
	bar.finish()
	if o.PID != 0 {
		var gone error
		if m.after, gone = process.Observe(o.PID); gone != nil {
			err = errors.Join(err, fmt.Errorf("after the run: %w", gone))
			m.after = m.before
		}
	}
	return m, err
}

func benchError(err error) error {
	if errors.Is(err, load.ErrOptions) {
		return &UsageError{err}
	}
	return err
}

func (o BenchOptions) pool(bar *benchProgress) load.PoolOptions {
	options := load.PoolOptions{
		Window: o.Window, Level: o.Compression, Events: o.Pool, Seed: uint64(time.Now().UnixNano()),
		Shape: events.Options{Size: o.Size, Keys: o.Keys}, Progress: bar.pool,
	}
	if o.Window > 0 {
		options.Last = int(o.Events % int64(o.Window))
	}
	return options
}

func (o BenchOptions) load() (load.Options, error) {
	settings := load.Options{
		Address: o.To, Connections: o.Connections, Pipelining: o.Pipelining, Events: o.Events, Duration: o.Duration, Rate: o.Rate,
	}
	var err error
	if o.TLS || o.CA != "" {
		settings.TLS, err = trust(o.CA)
	}
	return settings, errors.Join(settings.Check(), err)
}

// trust returns how to speak TLS with a server, trusting the authorities in a PEM file, or the system's without one.
func trust(ca string) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca == "" {
		return settings, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	settings.RootCAs = x509.NewCertPool()
	if !settings.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca: %s holds no PEM certificate", ca)
	}
	return settings, nil
}
