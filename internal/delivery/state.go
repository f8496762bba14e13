package delivery

// State is what the delivery to a receiver is doing, in a word.
type State string

// The states of a delivery.
const (
	// StateStarting: the cursor is not restored yet.
	StateStarting State = "starting"
	// StateOK: delivering, or waiting for something to deliver.
	StateOK State = "ok"
	// StateRetrying: something fails; all that waits is kept and tried again.
	StateRetrying State = "retrying"
	// StateBlocked: as StateRetrying, but only a person can mend it, so it is tried seldom.
	StateBlocked State = "blocked"
	// StateStopped: the delivery has ended, with the process.
	StateStopped State = "stopped"
)

// States returns all states, in the order of a delivery's life.
func States() []State {
	return []State{StateStarting, StateOK, StateRetrying, StateBlocked, StateStopped}
}
