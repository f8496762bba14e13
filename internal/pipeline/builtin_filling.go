package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/window"
)

// When the alert about a journal that fills begins and ends, in percent of what the journal may take. In between it
// stays as it is, so that it does not flap.
const (
	fillingBegins = 80
	fillingEnds   = 70
)

const (
	// rateSpan is over how long the rate is taken, and shortestSpan from when on it is one.
	rateSpan     = time.Minute
	shortestSpan = 2 * time.Second
	// urgent is from how many percent on the alert begins although the rate is not known.
	urgent = 90
	// lookedInVain is how often a journal that no output holds is looked at before the alert begins: a checkpoint may
	// give its room back.
	lookedInVain = 3
)

// filling is how the journal has filled.
type filling struct {
	looks   []fillingLook // of the last rateSpan, oldest first
	space   journal.Space
	holding []Holder
	// over is how many looks in a row found the journal that full.
	over int
	peak uint64
}

type fillingLook struct {
	at   time.Time
	room int64
}

// look takes note of the room there is.
func (f *filling) look(now time.Time, space journal.Space, holding []Holder) {
	f.space, f.holding = space, holding
	for len(f.looks) > 0 && now.Sub(f.looks[0].at) > rateSpan {
		f.looks = f.looks[1:]
	}
	f.looks = append(f.looks, fillingLook{now, roomOf(space)})
	f.over++
	if filled(space) < fillingBegins {
		f.over = 0
	}
	f.peak = max(f.peak, filled(space))
}

// judge returns the transition that is due, if there is one.
func (f *filling) judge(open openings, now time.Time) (window.Transition, bool) {
	if len(f.looks) == 0 {
		return window.Transition{}, false
	}
	percent := filled(f.space)
	opening, active := open[fillingID]
	switch {
	case !active && f.due(percent):
		t := begun(JournalFilling, fillingID, now, f.text(now))
		t.Count, t.Peak, t.Threshold = percent, percent, fillingBegins
		f.peak = percent
		return t, true
	case active && percent < fillingEnds:
		t := ended(opening, now, "", []string{f.taken() + " Events are taken."})
		t.Count, t.Peak = percent, max(f.peak, opening.Peak)
		return t, true
	}
	return window.Transition{}, false
}

// due tells whether the alert begins: once it can tell how fast the journal fills, unless there is no time for that.
func (f *filling) due(percent uint64) bool {
	switch {
	case percent < fillingBegins:
		return false
	case f.space.Full:
		return true
	case len(f.holding) == 0 && f.over < lookedInVain:
		return false
	}
	return percent >= urgent || f.span() >= shortestSpan
}

func (f *filling) span() time.Duration { return f.looks[len(f.looks)-1].at.Sub(f.looks[0].at) }

// rate returns how many bytes a second of the room are taken, 0 where that is not known or none is taken.
func (f *filling) rate() float64 {
	if f.span() <= 0 {
		return 0
	}
	return max(0, float64(f.looks[0].room-f.looks[len(f.looks)-1].room)/f.span().Seconds())
}

// text returns the lines of the alert: how full, until when, and why.
func (f *filling) text(now time.Time) []string {
	why := cause(f.space, f.holding)
	return []string{f.taken(), f.prediction(now), strings.ToUpper(why[:1]) + why[1:] + "."}
}

// taken says how full it is.
func (f *filling) taken() string {
	if filledDisk(f.space) > filledBudget(f.space) {
		return fmt.Sprintf("The filesystem of the journal has %s free; beyond a reserve of %s no events are taken.",
			sizeText(f.space.Free), sizeText(f.space.Reserve))
	}
	return fmt.Sprintf("The journal takes %s of the %s that it may take, %d %%.",
		sizeText(f.space.Used), sizeText(f.space.Budget), filledBudget(f.space))
}

// prediction says when no more events will be taken.
func (f *filling) prediction(now time.Time) string {
	rate := f.rate()
	switch {
	case f.space.Full:
		return "Events are not taken any more; they wait in their senders."
	case rate < 1 && f.span() < shortestSpan:
		return "How fast it fills is not known yet."
	case rate < 1:
		return "At present it does not fill further; events are still taken."
	}
	left := time.Duration(min(float64(roomOf(f.space))/rate, longestPrediction.Seconds()) * float64(time.Second))
	if left >= longestPrediction {
		return "At the present rate it will be full in more than 100 days."
	}
	return fmt.Sprintf("At the present rate of %s a second events will no longer be taken in about %s, at %s.",
		sizeText(int64(rate)), spanText(left), now.Add(left).UTC().Format("15:04:05 MST on 2006-01-02"))
}

const longestPrediction = 100 * 24 * time.Hour

// roomOf returns how many bytes the journal may still take.
func roomOf(space journal.Space) int64 {
	return max(0, min(space.Budget-space.Used, space.Free-space.Reserve))
}

// filled returns how full the journal is, in percent.
func filled(space journal.Space) uint64 { return max(filledBudget(space), filledDisk(space)) }

func filledBudget(space journal.Space) uint64 { return percentOf(space.Used, space.Budget) }

// filledDisk takes what the journal has and could have of the disk for the whole. Where it has little, because others
// fill the disk, the whole is the reserve two and a half times: the alert begins when half as much as the reserve is
// left above it.
func filledDisk(space journal.Space) uint64 {
	room := max(0, space.Free-space.Reserve)
	whole := max(space.Used+room, space.Reserve/2*5)
	return percentOf(whole-room, whole)
}

func percentOf(part, whole int64) uint64 {
	if whole <= 0 {
		return 0 // no limit is known
	}
	return uint64(100 * (float64(max(0, part)) / float64(whole)))
}

// sizeText writes a number of bytes for people.
func sizeText(bytes int64) string {
	size, unit := float64(bytes), "bytes"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	if unit == "bytes" {
		return fmt.Sprintf("%d bytes", bytes)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}

// spanText writes a time to come for people.
func spanText(span time.Duration) string {
	switch {
	case span < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", span.Seconds())
	case span < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", span.Minutes())
	case span < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", span.Hours())
	}
	return fmt.Sprintf("%.0f days", span.Hours()/24)
}
