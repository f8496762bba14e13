package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// world is everything that runs during a run.
type world struct {
	options Options
	folder  string
	binary  string
	begin   time.Time
	steps   *journal
	rules   []rule
	streams []*stream

	disk                 *disk
	elasticsearch, kafka *service // nil where it is left out
	toElasticsearch      *proxy
	toLogboom            *proxy
	lumberjack           *lumberjackReceiver
	http                 *httpReceiver
	slack                *slack
	logboom              *program
	agents               []*agent

	closers []func() error
}

// newWorld starts everything but the shippers. What it started is ended by close, also where it fails.
func newWorld(ctx context.Context, o Options, folder string) (*world, error) {
	w := &world{options: o, folder: folder}
	steps := []func(context.Context) error{
		w.openFolder, w.build, w.startServices, w.startReceivers, w.startLogboom,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w *world) onClose(f func() error) { w.closers = append(w.closers, f) }

// close ends what is still there, the last first.
func (w *world) close() error {
	var failed []error
	for _, f := range slices.Backward(w.closers) {
		failed = append(failed, f())
	}
	return errors.Join(failed...)
}

func (w *world) openFolder(context.Context) error {
	if err := os.MkdirAll(w.folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	var err error
	if w.steps, err = newJournal(w.folder); err != nil {
		return err
	}
	w.onClose(w.steps.close)
	if w.disk, err = newDisk(filepath.Join(w.folder, diskFolder), w.options.Inject); err != nil {
		return err
	}
	w.onClose(w.disk.unmount)
	if err := os.Mkdir(filepath.Join(w.folder, outFolder), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

// build comes before anything that is timed: on a busy machine it takes minutes.
func (w *world) build(ctx context.Context) error {
	w.binary = w.options.Binary
	if w.binary != "" && w.disk.mark != "" {
		return fmt.Errorf("the disk is %s, for which the binary has to be built here, with the tag %s", w.disk.how, diskTag)
	}
	if w.binary != "" {
		return nil
	}
	var err error
	w.binary, err = build(ctx, w.folder, w.disk.tags())
	return err
}

// startServices starts the servers, both at once: each start takes long.
func (w *world) startServices(ctx context.Context) error {
	var err error
	if w.elasticsearch, err = w.newService(elasticsearchName); err != nil {
		return err
	}
	if w.kafka, err = w.newService(kafkaName); err != nil {
		return err
	}
	var failed [2]error
	var starting sync.WaitGroup
	for i, s := range []*service{w.elasticsearch, w.kafka} {
		if s != nil {
			w.onClose(s.stop)
			starting.Go(func() { failed[i] = s.start(ctx) })
		}
	}
	starting.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return err
	}
	if w.elasticsearch != nil {
		if w.toElasticsearch, err = newProxy(elasticsearchName, w.elasticsearch.address()); err != nil {
			return err
		}
		w.onClose(func() error { w.toElasticsearch.Stop(); return nil })
	}
	if w.kafka != nil {
		return makeTopic(ctx, w.kafka.address())
	}
	return nil
}

// newService returns a server that is to be started, or nil where it is left out.
func (w *world) newService(name string) (*service, error) {
	if slices.Contains(w.options.Without, name) {
		return nil, nil //nolint:nilnil // nil is how a server is left out everywhere
	}
	return newService(name, w.options.Services, w.folder, w.steps)
}

// startReceivers also draws the lines, which begin now.
func (w *world) startReceivers(context.Context) error {
	o := w.options
	w.begin = time.Now()
	for number := range o.Agents {
		w.streams = append(w.streams, newStream(o.Seed, number, o.Rate/o.Agents, w.begin, o.Duration))
	}
	w.rules = rulesFor(o.Rate / o.Agents)
	var err error
	if w.lumberjack, err = newLumberjackReceiver(w.newLedger("lumberjack")); err != nil {
		return err
	}
	w.onClose(func() error { w.lumberjack.close(); return nil })
	if w.http, err = newHTTPReceiver(w.newLedger(httpName)); err != nil {
		return err
	}
	w.onClose(func() error { w.http.close(); return nil })
	if w.slack, err = newSlack(); err != nil {
		return err
	}
	w.onClose(func() error { w.slack.close(); return nil })
	return nil
}

func (w *world) startLogboom(context.Context) error {
	at := places{
		lumberjack: freeAddress(), http: freeAddress(), slack: w.slack.url,
		receiverLumberjack: w.lumberjack.address,
	}
	if !slices.Contains(w.options.Without, httpName) {
		at.receiverHTTP = w.http.url
	}
	if w.elasticsearch != nil {
		at.elasticsearch = "http://" + w.toElasticsearch.Listen
	}
	if w.kafka != nil {
		at.kafka = w.kafka.address()
	}
	if err := writeConfiguration(w.folder, at, w.rules); err != nil {
		return err
	}
	var err error
	if w.toLogboom, err = newProxy("logboom", at.lumberjack); err != nil {
		return err
	}
	w.onClose(func() error { w.toLogboom.Stop(); return nil })
	w.logboom, err = startProgram(w.binary, w.folder, at.http, w.disk.environment(), w.steps, w.disk.wasFull)
	if err != nil {
		return err
	}
	w.onClose(func() error {
		_ = w.logboom.stop(30 * time.Second) // of the first one, drain has told
		return w.logboom.log.Close()
	})
	for number, s := range w.streams {
		random := rand.New(rand.NewPCG(w.options.Seed, uint64(1000+number))) //nolint:gosec // no secret
		w.agents = append(w.agents, newAgent(s, w.toLogboom.Listen, number%2 == 0, random, w.steps))
	}
	return nil
}

// lanes returns all faults of the run, those of one kind together.
func (w *world) lanes() [][]fault {
	o, seed := w.options, w.options.Seed
	lanes := [][]fault{
		killFaults(seed, o, w.logboom),
		stopFaults(seed, o, w.logboom),
		networkFaults(seed, o, toLogboomLane, w.toLogboom),
		diskFaults(seed, o, w.disk, w.steps, w.logboom.isFull),
		agentFaults(seed, o, w.agents),
		slackFaults(seed, o, w.slack),
	}
	if !slices.Contains(o.Without, httpName) {
		lanes = append(lanes, httpFaults(seed, o, w.http))
	}
	if w.elasticsearch != nil {
		lanes = append(lanes, serviceFaults(seed, o, w.elasticsearch),
			networkFaults(seed, o, toElasticsearchLane, w.toElasticsearch))
	}
	if w.kafka != nil {
		lanes = append(lanes, serviceFaults(seed, o, w.kafka))
	}
	return lanes
}

// newLedger returns an empty one for a receiver.
func (w *world) newLedger(receiver string) *ledger { return newLedger(receiver, w.streams) }

// balance counts; see ledger.
func (w *world) balance(l *ledger, inFlight int, kills []time.Time) Count {
	l.acknowledged = map[string]int{}
	for _, a := range w.agents {
		l.acknowledged[a.stream.agentID] = int(a.acknowledged.Load())
	}
	return l.balance(inFlight, kills)
}

// acknowledged returns how many lines shippers need not keep any more, and of how many.
func (w *world) acknowledged() (acknowledged, all int) {
	for _, a := range w.agents {
		acknowledged += int(a.acknowledged.Load())
		all += len(a.stream.lines)
	}
	return acknowledged, all
}
