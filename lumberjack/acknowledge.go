package lumberjack

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// acknowledger writes all that a client ever gets: heartbeats while a window is under way, and its one final
// acknowledgement. The heartbeats come from a timer; the mutex keeps them whole and on the right side of the final one.
type acknowledger struct {
	conn     net.Conn
	timeout  time.Duration
	interval time.Duration
	counters *counters
	broken   func(error) // called once a heartbeat can't be written: the client is gone

	mutex   sync.Mutex
	timer   *time.Timer
	beating sync.WaitGroup
	pending bool
	turn    uint64 // which scheduled heartbeat counts; a timer that fired before it was stopped finds that it does not
	version byte
	frame   [ackFrameSize]byte
}

// begin starts the heartbeats of a window, unless they run already because a window ended without events.
func (a *acknowledger) begin(version byte) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.version = version
	if a.pending {
		return
	}
	a.pending = true
	a.schedule()
}

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
	if !a.pending || a.turn != turn {
		return
	}
	if err := a.write(0); err != nil {
		a.pending = false
		a.broken(fmt.Errorf("write heartbeat: %w", err))
		return
	}
	a.counters.heartbeats.Add(1)
	a.schedule()
}

// finish ends the heartbeats and writes the final acknowledgement.
func (a *acknowledger) finish(sequence uint32) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.end()
	if err := a.write(sequence); err != nil {
		return fmt.Errorf("write acknowledgement: %w", err)
	}
	a.counters.acknowledgements.Add(1)
	return nil
}

// stop ends the heartbeats without an acknowledgement and waits until none is being written.
func (a *acknowledger) stop() {
	a.mutex.Lock()
	a.end()
	a.mutex.Unlock()
	a.beating.Wait()
}

// end makes that no heartbeat of this window comes any more. The caller holds the mutex.
func (a *acknowledger) end() {
	a.pending = false
	if a.timer != nil && a.timer.Stop() {
		a.beating.Done()
	}
}

// write writes one frame. The caller holds the mutex.
func (a *acknowledger) write(sequence uint32) error {
	if err := a.conn.SetWriteDeadline(time.Now().Add(a.timeout)); err != nil {
		return err
	}
	_, err := a.conn.Write(appendACK(a.frame[:0], a.version, sequence))
	return err
}
