package pipeline

import (
	"slices"
	"strings"

	"github.com/logboom/logboom/internal/journal"
)

// The prefixes of the names that cursors are stored under: none for those of sinks of alerts.
const (
	sinkCursor   = ""
	outputCursor = "output:"
)

// keepCursors makes the given names the only ones whose cursors of a kind, by its prefix, hold anything. A name without
// a cursor gets one at first, so that it is told what comes from then on. It returns where each stands, and the names of
// those that were dropped.
func keepCursors(
	j *journal.Journal, prefix string, names []string, first uint64,
) (cursors map[string]uint64, dropped []string, err error) {
	err = j.Update(func(tx *journal.Tx) error {
		stored, err := tx.Cursors()
		if err != nil {
			return err
		}
		cursors, dropped = make(map[string]uint64), nil
		for _, cursor := range stored {
			name, isOutput := strings.CutPrefix(cursor.Sink, outputCursor)
			switch {
			case isOutput != (prefix == outputCursor):
			case slices.Contains(names, name):
				cursors[name] = cursor.After
			default:
				dropped = append(dropped, name)
				if err := tx.DeleteCursor(cursor.Sink); err != nil {
					return err
				}
			}
		}
		for _, name := range names {
			if _, ok := cursors[name]; ok {
				continue
			}
			cursors[name] = first
			if err := tx.PutCursor(prefix+name, first, nil); err != nil {
				return err
			}
		}
		return nil
	})
	return cursors, dropped, err
}
