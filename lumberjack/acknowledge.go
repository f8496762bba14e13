package lumberjack

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// acknowledger writes all that a client ever gets: heartbeats while windows are under way, and one final acknowledgement
// for each. The heartbeats come from a timer; the mutex keeps them whole and on the right side of the final ones.
type acknowledger struct {
	conn     net.Conn
	timeout  time.Duration
	interval time.Duration
	counters *counters
	broken   func(error) // called once a heartbeat can't be written: the client is gone

	mutex      sync.Mutex
	timer      *time.Timer
	beating    sync.WaitGroup
	reading    bool // a window is being read
	unanswered int  // windows that were read and have no final acknowledgement
	stopped    bool
	turn       uint64 // which scheduled heartbeat counts; a timer that fired before it was stopped finds that it does not
	version    byte   // of the window that began last
	frame      [ackFrameSize]byte
}

// begin starts the heartbeats of a window, unless they run already because of another one.
func (a *acknowledger) begin(version byte) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	running := a.pending()
	a.version, a.reading = version, true
	if !running && !a.stopped {
		a.schedule()
	}
}

// complete says that the window which began last was read. Its acknowledgement is still to come.
func (a *acknowledger) complete() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.reading = false
	a.unanswered++
}

// pending says whether there is a window that heartbeats are for. The caller holds the mutex.
func (a *acknowledger) pending() bool { return a.reading || a.unanswered > 0 }

// schedule makes the next heartbeat come.
func (a *acknowledger) schedule() {
	a.turn++
	turn := a.turn
	a.beating.Add(1)
	a.timer = time.AfterFunc(a.interval, func() { a.beat(turn) })
}

// beat writes one heartbeat, if it is still its turn.
func (a *acknowledger) beat(turn uint64) {
	defer a.beating.Done()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.stopped || !a.pending() || a.turn != turn {
		return
	}
	if err := a.write(a.version, 0); err != nil {
		a.stopped = true
		a.broken(fmt.Errorf("write heartbeat: %w", err))
		return
	}
	a.counters.heartbeats.Add(1)
	a.schedule()
}

// finish writes the final acknowledgement of the oldest window that has none. The heartbeats end, unless there is another
// window under way.
func (a *acknowledger) finish(version byte, sequence uint32) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.rest()
	a.unanswered--
	if err := a.write(version, sequence); err != nil {
		return fmt.Errorf("write acknowledgement: %w", err)
	}
	a.counters.acknowledgements.Add(1)
	if a.pending() && !a.stopped {
		a.schedule()
	}
	return nil
}

// stop ends the heartbeats without an acknowledgement and waits until none is being written.
func (a *acknowledger) stop() {
	a.mutex.Lock()
	a.stopped = true
	a.rest()
	a.mutex.Unlock()
	a.beating.Wait()
}

// rest makes that the heartbeat that is scheduled does not come. The caller holds the mutex.
func (a *acknowledger) rest() {
	a.turn++
	if a.timer != nil && a.timer.Stop() {
		a.beating.Done()
	}
	a.timer = nil
}

// write writes one frame. The caller holds the mutex.
func (a *acknowledger) write(version byte, sequence uint32) error {
	if err := a.conn.SetWriteDeadline(time.Now().Add(a.timeout)); err != nil {
		return err
	}
	_, err := a.conn.Write(appendACK(a.frame[:0], version, sequence))
	return err
}
