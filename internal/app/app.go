package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/config"
	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/internal/web"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
)

// The folders below the data folder.
const (
	journalFolder     = "journal"
	deadLettersFolder = "dead-letters"
)

// sourceDrain is how much of the time for stopping the sources may take for what they received, cutDrain the same where
// the journal takes nothing, and deliveryDrain how much the sinks for what is committed. What is not acknowledged by then
// is sent again, what is not delivered goes out after the next start.
const (
	sourceDrain   = 15 * time.Second
	cutDrain      = time.Second
	deliveryDrain = 5 * time.Second
)

// Options are what an App needs besides its configuration.
type Options struct {
	// Logger is for what logboom says about itself, Stdout for alerts.
	Logger zerolog.Logger
	Stdout io.Writer
	// Version is shown by the HTTP port.
	Version string
}

// App is logboom as a process runs it.
type App struct {
	config  config.Config
	options Options
	logger  zerolog.Logger

	lumberjackListener net.Listener
	httpListener       net.Listener

	rules       *rules.Set
	journal     *journal.Journal
	deadLetters *deadletter.Store
	pipeline    *pipeline.Pipeline
	lumberjack  *lumberjack.Server
	kafka       *kafka.Source
	deliveries  []*sinks.Delivery
	outputs     []*outputs.Delivery
	web         *web.Server

	// asksForCertificates says whether Lumberjack clients are asked to prove who they are.
	asksForCertificates bool

	// started are the things to stop, in the order in which they were started.
	started  []stopper
	stopping sync.Once
	stopErr  error
	// left says, once Stop has returned, that something waits in the journal for its receiver.
	left   bool
	failed chan error
}

type stopper struct {
	name string
	stop func(context.Context) error
}

// source returns what stops a source, which may not take all of the time, and next to none where nothing can be committed
// any more: what waits for room would wait in vain. That a source was cut is no error. What it was not told is received
// comes again.
func (a *App) source(name string, stop func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		drain, status := sourceDrain, a.pipeline.Status()
		if status.State != pipeline.StateOK {
			drain = cutDrain
		}
		limited, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		err := stop(limited)
		if !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		a.logger.Warn().Str("component", name).Str("journal", status.State).Dur("after", drain).
			Msg("connections were cut in the middle of windows; these are not acknowledged, and will be sent again")
		return nil
	}
}

// drain waits while somebody is busy, and no longer than deliveryDrain.
func drain(ctx context.Context, busy func() bool) {
	ctx, cancel := context.WithTimeout(ctx, deliveryDrain)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for busy() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// within calls stop and returns when it does, or soon after ctx ends: a disk that hangs must not hold the process.
func within(ctx context.Context, stop func(context.Context) error) error {
	ended := make(chan error, 1)
	go func() { ended <- stop(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(time.Second):
		return fmt.Errorf("it hangs: %w", context.Cause(ctx))
	}
}

// New checks what needs no port, and binds the ports. Nothing runs yet; Stop releases them.
func New(c config.Config, options Options) (*App, error) {
	a := &App{config: c, options: options, logger: options.Logger, failed: make(chan error, 8)}
	var err error
	if a.rules, err = rules.Compile(c.Rules, pipeline.ResendPaths()...); err != nil {
		return nil, fmt.Errorf("compile rules: %w", err)
	}
	if err := a.bind(); err != nil {
		return nil, errors.Join(err, a.release())
	}
	return a, nil
}

func (a *App) bind() error {
	var err error
	if c := a.config.Inputs.Lumberjack; c != nil {
		if config.SamePort(c.Listen, a.config.HTTP.Listen) { // in a file this has been found; flags may have brought it about
			return &UsageError{fmt.Errorf("inputs.lumberjack.listen: the same port as http.listen: %s", c.Listen)}
		}
		if a.lumberjackListener, err = listen("inputs.lumberjack.listen", c.Listen); err != nil {
			return err
		}
	}
	a.httpListener, err = listen("http.listen", a.config.HTTP.Listen)
	return err
}

// release closes what is bound and not served.
func (a *App) release() error {
	var err error
	for _, listener := range []net.Listener{a.lumberjackListener, a.httpListener} {
		if listener != nil {
			if closed := listener.Close(); !errors.Is(closed, net.ErrClosed) {
				err = errors.Join(err, closed)
			}
		}
	}
	return err
}

// LumberjackAddress returns the bound address of the Lumberjack port, nil where there is none.
func (a *App) LumberjackAddress() net.Addr {
	if a.lumberjackListener == nil {
		return nil
	}
	return a.lumberjackListener.Addr()
}

// HTTPAddress returns the bound address of the HTTP port.
func (a *App) HTTPAddress() net.Addr { return a.httpListener.Addr() }

// Failed delivers errors that end the process: a port that can no longer be served.
func (a *App) Failed() <-chan error { return a.failed }

// Start recovers what the journal holds and sets everything going. After an error it has stopped what it had started.
func (a *App) Start() error {
	for _, step := range []func() error{
		a.startWeb, a.openStores, a.startPipeline, a.startSinks, a.startOutputs, a.startLumberjack, a.startKafka,
	} {
		if err := step(); err != nil {
			ctx, cancel := context.WithTimeout(context.Background(), deliveryDrain)
			defer cancel()
			return errors.Join(err, a.Stop(ctx))
		}
	}
	a.web.Attach(a.sources())
	a.web.SetReady(true, "")
	return nil
}

func (a *App) openStores() error {
	var err error
	a.journal, err = journal.Open(journal.Options{
		Directory: filepath.Join(a.config.Data, journalFolder), Budget: a.config.Journal.Budget,
		Reserve: a.config.Journal.Reserve, SegmentBytes: a.config.Journal.SegmentSize, Logger: a.component("journal"),
	})
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	a.onStop("journal", func(context.Context) error { return a.journal.Close() })
	a.deadLetters, err = deadletter.Open(filepath.Join(a.config.Data, deadLettersFolder), deadletter.Options{
		Logger: a.component("dead letters"),
	})
	if err != nil {
		return fmt.Errorf("open dead letters: %w", err)
	}
	a.onStop("dead letters", func(context.Context) error { return a.deadLetters.Close() })
	return nil
}

func (a *App) startPipeline() error {
	acknowledge := pipeline.AckDurable
	if a.config.Ack == config.AckMemory {
		acknowledge = pipeline.AckMemory
	}
	var err error
	a.pipeline, err = pipeline.New(pipeline.Options{
		Journal: a.journal, Rules: a.rules, DeadLetter: a.keepEvents, Acknowledge: acknowledge,
		Sinks: sinkNames(a.config.Alerts), Outputs: outputNames(a.config.Outputs), Resends: true,
		Builtin: a.config.Alerts.Builtin, Logger: a.component("pipeline"),
	})
	if err != nil {
		return fmt.Errorf("start pipeline: %w", err)
	}
	a.onStop("pipeline", a.pipeline.Close)
	return nil
}

func (a *App) startLumberjack() error {
	c := a.config.Inputs.Lumberjack
	if c == nil {
		return nil
	}
	options, err := lumberjackOptions(*c, a.component("lumberjack"))
	if err != nil {
		return err
	}
	a.asksForCertificates = options.TLS != nil && options.TLS.ClientAuth != tls.NoClientCert
	options.KeepParts = len(a.config.Outputs) > 0
	a.lumberjack = lumberjack.New(a.handleLumberjack, options)
	a.onStop("lumberjack", a.source("lumberjack", a.serve("lumberjack", a.lumberjack, a.lumberjackListener)))
	a.logger.Info().Str("component", "lumberjack").Stringer("address", a.LumberjackAddress()).Bool("tls", options.TLS != nil).
		Msg("Filebeat can connect: output.logstash.hosts")
	return nil
}

func (a *App) startKafka() error {
	c := a.config.Inputs.Kafka
	if c == nil {
		return nil
	}
	options, err := kafkaOptions(*c, a.component("kafka"))
	if err != nil {
		return err
	}
	if a.kafka, err = kafka.New(a.handleKafka, a.pipeline.Position, options); err != nil {
		return fmt.Errorf("set up Kafka: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.spawn("kafka", cancel, func() error { return a.kafka.Run(ctx) })
	a.logger.Info().Str("component", "kafka").Strs("brokers", c.Brokers).Strs("topics", c.Topics).Str("group", c.Group).
		Msg("consuming from Kafka")
	return nil
}

func (a *App) startWeb() error {
	a.web = web.New(web.Options{
		Token: a.config.HTTP.Token.Reveal(), Insecure: a.config.HTTP.Insecure, Secrets: a.secrets(),
		Version: a.options.Version, Logger: a.component("http"),
	})
	a.onStop("http", a.serve("http", a.web, a.httpListener))
	a.logger.Info().Str("component", "http").Stringer("address", a.HTTPAddress()).Msg("health, metrics and API")
	return nil
}

// server is what answers on a port.
type server interface {
	Serve(listener net.Listener) error
	Shutdown(ctx context.Context) error
}

// serve serves a port and returns what stops that. An error of it ends the process.
func (a *App) serve(name string, s server, listener net.Listener) func(context.Context) error {
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.Serve(listener); err != nil {
			a.failed <- fmt.Errorf("serve %s: %w", name, err)
		}
	}()
	return func(ctx context.Context) error {
		err := s.Shutdown(ctx)
		<-served
		return err
	}
}

// spawn runs something until its cancel is called at the stop.
func (a *App) spawn(name string, cancel context.CancelFunc, run func() error) {
	ended := make(chan error, 1)
	go func() { ended <- run() }()
	a.onStop(name, func(ctx context.Context) error {
		cancel()
		select {
		case err := <-ended:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

func (a *App) onStop(name string, stop func(context.Context) error) {
	a.started = append(a.started, stopper{name, stop})
}

// Stop ends everything within the time of ctx, sources first, so that what was received is decided, committed and, as
// far as the sinks take it at once, delivered. It may be called more than once; later calls return what the first did.
func (a *App) Stop(ctx context.Context) error {
	a.stopping.Do(func() {
		if a.web != nil {
			a.web.SetReady(false, "stopping")
		}
		for i := len(a.started) - 1; i >= 0; i-- {
			started := a.started[i]
			if err := within(ctx, started.stop); err != nil {
				a.stopErr = errors.Join(a.stopErr, fmt.Errorf("stop %s: %w", started.name, err))
			}
		}
		a.stopErr = errors.Join(a.stopErr, a.release())
	})
	return a.stopErr
}

func (a *App) component(name string) zerolog.Logger {
	return a.logger.With().Str("component", name).Logger()
}
