package rules

import "github.com/logboom/logboom/event"

// column is what the events of a block have in one field.
type column struct {
	// made is the number of the judgement that it was made for.
	made uint64
	// nothing are the events without the field, or with null. whole are those with a whole number, decimal those with
	// another one, and text those with a string. It is plain if it says what it shows: ASCII without escapes.
	nothing, whole, decimal, text, plain rows
	// canonical are those of which is known that their strings have only canonical escapes, examined those of which is
	// known whether.
	canonical, examined rows
	numbers             [blockSize]int
	insides             [blockSize][]byte // of strings, as they are written
}

// column returns a field's column, made once a judgement whoever asks.
func (e *evaluator) column(field field) *column {
	c := &e.columns[field]
	if c.made != e.judgement {
		c.fill(e, int(field))
	}
	return c
}

func (c *column) fill(e *evaluator, field int) {
	c.made = e.judgement
	c.nothing, c.whole, c.decimal, c.text, c.plain, c.canonical, c.examined = 0, 0, 0, 0, 0, 0, 0
	for row := range e.count {
		value := &e.values[row*e.fields+field]
		switch value.Kind() {
		case event.Missing, event.Null:
			c.nothing |= rowBit(row)
		case event.Number:
			c.number(row, value)
		case event.String:
			raw := value.Raw()
			inside := raw[1 : len(raw)-1 : len(raw)-1]
			c.insides[row%blockSize] = inside
			c.text |= rowBit(row)
			if plainLength(inside) == len(inside) {
				c.plain |= rowBit(row)
			}
		}
	}
}

func (c *column) number(row int, value *event.Value) {
	if whole, ok := value.Int(); ok && int64(int(whole)) == whole {
		c.numbers[row%blockSize] = int(whole)
		c.whole |= rowBit(row)
		return
	}
	c.decimal |= rowBit(row)
}

// isCanonical tells whether the string of an event has no other escapes than canonical ones.
func (c *column) isCanonical(row int) bool {
	bit := rowBit(row)
	if c.examined&bit == 0 {
		c.examined |= bit
		if hasCanonicalEscapes(c.insides[row]) {
			c.canonical |= bit
		}
	}
	return c.canonical&bit != 0
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
