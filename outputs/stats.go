package outputs

import (
	"time"

	"github.com/logboom/logboom/internal/delivery"
)

// State is what a Delivery is doing, in a word.
type State = delivery.State

// The states of a Delivery.
const (
	StateStarting = delivery.StateStarting
	StateOK       = delivery.StateOK
	StateRetrying = delivery.StateRetrying
	StateBlocked  = delivery.StateBlocked
	StateStopped  = delivery.StateStopped
)

// Stats is a snapshot of a Delivery. Counters count from the start of the process.
type Stats struct {
	// Name is the output's.
	Name string
	// State is what the Delivery is doing.
	State State
	// Written counts events that the receiver took, or had already, and Bytes their bodies.
	Written, Bytes uint64
	// Failures counts tries that left something undone, Retries the tries that followed one.
	Failures, Retries uint64
	// DeadLetters counts events that the receiver refused for good.
	DeadLetters uint64
	// Missed counts events that an output which need not have everything did not get, because it was too far behind. Of records that
	// are passed over unread, all count, also those that Where would not have chosen.
	Missed uint64
	// ConditionErrors counts events that were left out because Where could not be evaluated.
	ConditionErrors uint64
	// LostRecords counts records of the journal that could not be read, Lost events that could not be encoded.
	LostRecords, Lost uint64
	// Read is the record up to which all was read and given to writes; events of them may still be in flight.
	Read uint64
	// After is the cursor, Behind about how many bytes of the journal are still to be written, or looked through: those behind the
	// cursor, or 0 where all that is on disk is done.
	After  uint64
	Behind int64
	// InFlight is how many batches are being written.
	InFlight int
	// Lag is how long ago the oldest event arrived of those that were written last, when they were.
	Lag time.Duration
	// LastError is the last failure or refusal, LastErrorTime when it was. They stay after it is over.
	LastError     string
	LastErrorTime time.Time
	// Notice is what the output has to tell an operator although it writes; mostly empty.
	Notice string
	// LastSuccess is when something was last written. FailingSince is when the present failures began, zero while the
	// State is neither StateRetrying nor StateBlocked.
	LastSuccess  time.Time
	FailingSince time.Time
}

// status is what Stats are made of. Delivery.mutex guards it.
type status struct {
	name                           string
	state                          State
	written, bytes                 uint64
	failures, retries, deadLetters uint64
	missed, lostRecords, lost      uint64
	conditionErrors                uint64
	after, read                    uint64
	lag                            time.Duration
	lastError, notice              string
	lastErrorTime, lastSuccess     time.Time
	failingSince, cursorStored     time.Time
	refusalLogged                  time.Time
	refusalsUnsaid                 uint64
	missesLogged                   time.Time
	missesUnsaid                   uint64
	// failing is how many activities fail at present, blocked how many of them need somebody to change something. gaveUp says that
	// a load was given up since one was written.
	failing, blocked int
	gaveUp           bool
}

func newStatus(name string) status { return status{name: name, state: StateStarting} }

// Stats returns a snapshot of what happened so far. It is safe to call at any time, from any goroutine.
func (d *Delivery) Stats() Stats {
	d.mutex.Lock()
	s := d.status
	inFlight := len(d.inFlight)
	d.mutex.Unlock()
	behind := d.log.Behind(s.after)
	if inFlight == 0 && s.read >= d.log.Last() {
		behind = 0 // the cursor is stored now and then where nothing is to be written
	}
	return Stats{
		Name: s.name, State: s.state, Written: s.written, Bytes: s.bytes, Failures: s.failures, Retries: s.retries,
		DeadLetters: s.deadLetters, Missed: s.missed, ConditionErrors: s.conditionErrors, LostRecords: s.lostRecords, Lost: s.lost, Read: s.read, After: s.after,
		Behind: behind, InFlight: inFlight, Lag: s.lag, LastError: s.lastError, LastErrorTime: s.lastErrorTime,
		Notice: s.notice, LastSuccess: s.lastSuccess, FailingSince: s.failingSince,
	}
}

func (d *Delivery) changed(change func(*status)) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	change(&d.status)
}

// wrote takes note of what was written.
func (d *Delivery) wrote(tried attempt) {
	if tried.done == 0 {
		return
	}
	now := d.options.Now()
	d.changed(func(s *status) {
		s.written += uint64(tried.done)
		s.bytes += uint64(tried.bytes)
		s.lastSuccess = now
		s.lag = max(0, now.Sub(time.Unix(0, tried.oldest)))
	})
}

// refused takes note of events that the receiver will never take.
func (d *Delivery) refused(letters []DeadLetter) {
	now := d.options.Now()
	d.changed(func(s *status) {
		s.deadLetters += uint64(len(letters))
		s.refusalsUnsaid += uint64(len(letters))
		s.lastError, s.lastErrorTime = letters[0].Reason, now
		if now.Sub(s.refusalLogged) < delivery.ChangeInterval {
			return
		}
		d.options.Logger.Error().Str("id", letters[0].ID).Str("reason", letters[0].Reason).Uint64("refused", s.refusalsUnsaid).
			Msg("the receiver refused events for good; they are among the dead letters")
		s.refusalLogged, s.refusalsUnsaid = now, 0
	})
}

// missed takes note of events that an output which may miss some does not get.
func (d *Delivery) missed(events int) {
	if events == 0 {
		return
	}
	now := d.options.Now()
	d.changed(func(s *status) {
		s.missed += uint64(events)
		s.missesUnsaid += uint64(events)
		if now.Sub(s.missesLogged) < delivery.ChangeInterval {
			return
		}
		d.options.Logger.Warn().Uint64("missed", s.missesUnsaid).Int64("max_behind", d.options.MostBehind).
			Msg("the output misses events: it is further behind than it may be, and need not have all")
		s.missesLogged, s.missesUnsaid = now, 0
	})
}
