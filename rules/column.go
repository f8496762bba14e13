package rules

import (
	"encoding/binary"

	"github.com/logboom/logboom/event"
)

// column is what the events of a block have in one field.
type column struct {
	// made is the number of the judgement that it was made for.
	made uint64
	// nothing are the events without the field, or with null. whole are those with a whole number, decimal those with
	// another one, and text those with a string.
	nothing, whole, decimal, text rows
	// canonical are the strings that have only canonical escapes, and plain those that say what they show: ASCII without
	// escapes. Both are found out when somebody asks.
	canonical, plain answers
	numbers          [blockSize]int
	heads            [blockSize]uint64 // of strings, see headOf
}

// answers are to a question about events: those that were asked about, and for which of them the answer is yes.
type answers struct{ asked, yes rows }

// column returns a field's column, made once a judgement whoever asks.
func (e *evaluator) column(field field) *column {
	c := &e.columns[field]
	if c.made != e.judgement {
		c.fill(e, field)
	}
	return c
}

func (c *column) fill(e *evaluator, field field) {
	c.made = e.judgement
	c.whole, c.decimal = 0, 0
	var nothing, text, canonical rows
	for row, at := 0, int(field); row < e.count; row, at = row+1, at+e.fields {
		value, bit := &e.values[at], rowBit(row)
		switch value.Kind() {
		case event.String:
			text |= bit
			if value.Plain() {
				canonical |= bit
			}
			if raw := value.Raw(); len(raw) > headSize {
				c.heads[row%blockSize] = binary.LittleEndian.Uint64(raw[1:])
			} else {
				c.heads[row%blockSize] = headOf(raw[1:])
			}
		case event.Number:
			c.number(row, value)
		case event.Missing, event.Null:
			nothing |= bit
		}
	}
	c.nothing, c.text = nothing, text
	c.canonical, c.plain = answers{canonical, canonical}, answers{}
}

func (c *column) number(row int, value *event.Value) {
	whole, ok := wholeNumber(value.Raw())
	if !ok {
		whole, ok = value.Int()
	}
	if ok && int64(int(whole)) == whole {
		c.numbers[row%blockSize] = int(whole)
		c.whole |= rowBit(row)
		return
	}
	c.decimal |= rowBit(row)
}

// inside returns what stands between the quotes of a string that an event of the block has in a field.
func (e *evaluator) inside(row int, field field) []byte {
	raw := e.values[row*e.fields+int(field)].Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

// canonicalOf returns those of the events with strings that have only canonical escapes. The scan has seen it for nearly all.
func (e *evaluator) canonicalOf(field field, of rows) rows {
	c := e.column(field)
	return of & c.canonical.ask(of, func(row int) bool { return hasCanonicalEscapes(e.inside(row, field)) })
}

// plainOf returns those of the events with strings that say what they show.
func (e *evaluator) plainOf(field field, of rows) rows {
	c := e.column(field)
	return of & c.plain.ask(of, func(row int) bool {
		inside := e.inside(row, field)
		return plainLength(inside) == len(inside)
	})
}

// ask returns all of which the answer is yes, after it has asked about those that it was not asked about before.
func (a *answers) ask(of rows, is func(row int) bool) rows {
	for rest := of &^ a.asked; rest != 0; rest &= rest - 1 {
		if row := rest.first(); is(row) {
			a.yes |= rowBit(row)
		}
	}
	a.asked |= of
	return a.yes
}

// compare sorts the events with whole numbers by how these compare with a constant.
func (c *column) compare(with int, of rows) (below, same rows) {
	of &= c.whole
	if of == 0 {
		return 0, 0
	}
	for row := range c.numbers {
		var less, equal rows
		if c.numbers[row] < with {
			less = 1
		}
		if c.numbers[row] == with {
			equal = 1
		}
		below |= less << row
		same |= equal << row
	}
	return below & of, same & of
}

// beginWith returns those of the events with strings that begin as a constant does.
func (c *column) beginWith(constant head, of rows) (result rows) {
	if of == 0 {
		return 0
	}
	for row := range c.heads {
		var same rows
		if (c.heads[row]^constant.word)&constant.mask == 0 {
			same = 1
		}
		result |= same << row
	}
	return result & of
}
