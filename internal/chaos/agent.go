package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/logboom/logboom/internal/shipper"
)

// agent is a Filebeat that reads one stream: it sends each line when it is written, keeps what is not acknowledged, and sends it
// again after it lost a connection, or was restarted itself.
type agent struct {
	stream  *stream
	address string
	window  int
	steps   *journal
	// goLumber says that it sends by Filebeat's own client, go-lumber's, instead of internal/shipper's.
	goLumber bool

	// acknowledged is how many lines are; the registry of a real one.
	acknowledged, resent atomic.Int64
	// sent is how many lines go-lumber's client was given, in the life that got furthest. It belongs to run.
	sent int

	mutex   sync.Mutex
	restart context.CancelFunc // ends the present life
}

const (
	// shipperTimeout is for how long shippers wait for anything to move.
	shipperTimeout = 5 * time.Second
	// linger is for how long they wait for a window to fill.
	linger = 200 * time.Millisecond
)

func newAgent(s *stream, address string, goLumber bool, random *rand.Rand, steps *journal) *agent {
	return &agent{stream: s, address: address, window: 50 + random.IntN(450), goLumber: goLumber, steps: steps}
}

// run sends everything, and returns when it is acknowledged or ctx ends.
func (a *agent) run(ctx context.Context) {
	for ctx.Err() == nil && int(a.acknowledged.Load()) < len(a.stream.lines) {
		life, end := context.WithCancel(ctx)
		a.mutex.Lock()
		a.restart = end
		a.mutex.Unlock()
		live := a.live
		if a.goLumber {
			live = a.liveByGoLumber
		}
		if err := live(life); err != nil && ctx.Err() == nil {
			a.steps.note(a.stream.host, "begins anew at line %d: %v", a.acknowledged.Load(), err)
		}
		end()
	}
}

// endLife restarts the agent as if it was killed. It returns 1, or 0 where it has nothing to do any more.
func (a *agent) endLife() int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.restart == nil || int(a.acknowledged.Load()) == len(a.stream.lines) {
		return 0
	}
	a.restart()
	return 1
}

// live is one process of the agent.
func (a *agent) live(ctx context.Context) error {
	connection, err := shipper.Dial(ctx, a.options())
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // what is not acknowledged is sent by the next life
	encoder, event := a.stream.agent(), []byte(nil)
	for number := int(a.acknowledged.Load()); number < len(a.stream.lines); number++ {
		line := a.stream.lines[number]
		if err := waitUntil(ctx, line.time()); err != nil {
			return err
		}
		event = encoder.AppendEvent(event[:0], line.time(), a.stream.path, line.offset, a.stream.message(number))
		if err := connection.Send(ctx, [][]byte{event}); err != nil {
			return err
		}
	}
	return connection.Flush(ctx)
}

func (a *agent) options() shipper.Options {
	options := shipper.DefaultOptions(a.address)
	options.Window, options.Linger, options.Timeout = a.window, linger, shipperTimeout
	options.Backoff = shipper.Backoff{Initial: 100 * time.Millisecond, Most: time.Second}
	options.OnAcknowledged = func(d shipper.Delivery) {
		a.acknowledged.Add(int64(d.Events))
		if d.Resent {
			a.resent.Add(int64(d.Events))
		}
	}
	options.OnRetry = func(err error, _ time.Duration) { a.steps.note(a.stream.host, "%v", err) }
	return options
}

func waitUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause waits, and returns sooner where ctx ends.
func pause(ctx context.Context, length time.Duration) { _ = waitUntil(ctx, time.Now().Add(length)) }
