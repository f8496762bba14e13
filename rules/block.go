package rules

import "math/bits"

// blockSize is how many events are judged together: condition by condition, and not event by event, so that the
// processor does the same for 64 events before it does something else. Results are bits of a word then, and what
// random events have in common is no reason for it to guess wrong.
const blockSize = 64

// rows are events of a block, a bit each.
type rows uint64

// firstRows are so many events of a block, from its first one on.
func firstRows(count int) rows { return 1<<count - 1 }

func rowBit(row int) rows { return rows(1) << (row % blockSize) }

// has tells whether an event is among them.
func (r rows) has(row int) bool { return r&rowBit(row) != 0 }

// first returns the first event of some.
func (r rows) first() int { return bits.TrailingZeros64(uint64(r)) }

// count returns how many they are.
func (r rows) count() int { return bits.OnesCount64(uint64(r)) }

// latest returns the last of the events, up to so many.
func (r rows) latest(most int) (result rows) {
	for ; most > 0 && r != 0; most-- {
		last := rowBit(bits.Len64(uint64(r)) - 1)
		result |= last
		r &^= last
	}
	return result
}

// verdicts are those of events of a block. All that were asked about and are not named here differ.
type verdicts struct{ matches, fails, undecided rows }

// add notes the verdict of one event.
func (v *verdicts) add(row int, result verdict) {
	switch bit := rowBit(row); result {
	case matches:
		v.matches |= bit
	case fails:
		v.fails |= bit
	case undecided:
		v.undecided |= bit
	}
}

// differs returns those of the events that differ.
func (v *verdicts) differs(of rows) rows { return of &^ (v.matches | v.fails | v.undecided) }

// columnar is a predicate that knows how to judge many events at once. It says of each what test says.
type columnar interface {
	judge(e *evaluator, of rows) verdicts
}

// judge has a predicate judge events of the block.
func judge(e *evaluator, p predicate, of rows) verdicts {
	if of == 0 {
		return verdicts{}
	}
	if p, ok := p.(columnar); ok {
		return p.judge(e, of)
	}
	return judgeEach(e, p, of)
}

// judgeEach has a predicate judge one event after the other.
func judgeEach(e *evaluator, p predicate, of rows) verdicts {
	var result verdicts
	result.each(e, p, of)
	return result
}

func (v *verdicts) each(e *evaluator, p predicate, of rows) {
	for ; of != 0; of &= of - 1 {
		row := of.first()
		e.at(row)
		v.add(row, p.test(e))
	}
}
