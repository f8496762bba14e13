package journal

import "github.com/rs/zerolog"

// Options say where a journal is and how large it may become.
type Options struct {
	// Directory is made if it is not there. It must be empty or a journal.
	Directory string
	// SegmentBytes is the size of a file of the log, the unit in which it is cut at the front. 0 is 64 MiB, or an eighth
	// of the budget where that is less, but at least 64 KiB.
	SegmentBytes int64
	// Budget is how many bytes the log and the small state should take; see Space. 0 is a tenth of the filesystem, at
	// most 10 GiB.
	Budget int64
	// Reserve is how many bytes should stay free on the filesystem; see Space. 0 is a twentieth of it, at most 256 MiB.
	Reserve int64
	// Logger gets one line where something was salvaged, cut back or recovered. It needs a component field.
	Logger zerolog.Logger

	// files is the operating system's if nil.
	files filesystem
}

const (
	defaultSegmentBytes = 64 << 20
	minSegmentBytes     = 64 << 10
	defaultBudget       = 10 << 30
	defaultReserve      = 256 << 20
)

// setLimits fills in the sizes that the options leave open.
func (j *Journal) setLimits() error {
	total, _, err := j.files.Usage(j.options.Directory)
	if err != nil {
		return err
	}
	o := &j.options
	if o.Budget <= 0 {
		o.Budget = min(defaultBudget, total/10)
	}
	if o.Reserve <= 0 {
		o.Reserve = min(defaultReserve, total/20)
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = max(minSegmentBytes, min(defaultSegmentBytes, o.Budget/8))
	}
	return nil
}
