package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrLocked is returned by Open when the journal is open already, in this process or in another.
	ErrLocked = errors.New("the journal is in use")
	// ErrNewerFormat is returned by Open for a journal that a later version of this program wrote.
	ErrNewerFormat = errors.New("the journal has a newer format")
	// ErrForeign is returned by Open for a directory that is not a journal and not empty.
	ErrForeign = errors.New("the directory is not a journal")
	// ErrFailed is returned by Append and Sync after an error of either, until Recover succeeds. It wraps the error
	// that came first.
	ErrFailed = errors.New("the journal failed and must be recovered")
	// ErrClosed is returned by every method that needs the files after Close.
	ErrClosed = errors.New("the journal is closed")
	// ErrTooLarge is returned by Append for a record of more than MaxRecordBytes, and for state that does not fit the
	// small store. Nothing is written and the journal goes on.
	ErrTooLarge = errors.New("too large for the journal")
	// ErrStateDamaged is returned by Update and View when the small state turns out to be damaged while it is in use.
	// The next call opens it afresh and salvages it; see SalvageReport.
	ErrStateDamaged = errors.New("the journal's small state is damaged")
)

// DamageError is yielded by Records where durable records can no longer be read. Reading goes on behind them.
type DamageError struct {
	// Segment is the file.
	Segment string
	// From and Through are the first and the last sequence that are missing.
	From, Through uint64
}

// Error names the records and the file.
func (e *DamageError) Error() string {
	return fmt.Sprintf("records %d to %d of %s are damaged; restart to salvage the journal", e.From, e.Through, e.Segment)
}
