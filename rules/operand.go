package rules

import (
	"bytes"
	"cmp"

	"github.com/logboom/logboom/event"
)

// operandKind is what a side of a comparison is. It says what expr would see: a whole number that fits is an int.
type operandKind uint8

const (
	nilOperand operandKind = iota
	boolOperand
	intOperand
	floatOperand
	textOperand
	// compositeOperand is an object or an array. Its contents are left to expr.
	compositeOperand
	// failedOperand stands for what could not be evaluated, undecidedOperand for what is left to expr.
	failedOperand
	undecidedOperand
)

// operand is a value in a condition: a literal, or a field of the event at hand. A string's text may be a part of the
// document or of the evaluator's memory, and lasts until the next event.
type operand struct {
	text  []byte
	float float64
	// whole is the value of an int; for a bool it is 0 or 1.
	whole int
	kind  operandKind
	// event is the number of the event that a field's operand was decoded from.
	event uint64
}

// isDefinite tells whether there is a value at all.
func (o *operand) isDefinite() bool { return o.kind < failedOperand }

// outcome returns the verdict that comes of an operand without a value.
func (o *operand) outcome() verdict {
	if o.kind == undecidedOperand {
		return undecided
	}
	return fails
}

func (o *operand) isNumber() bool { return o.kind == intOperand || o.kind == floatOperand }

// number returns a number as expr compares it when the other one is no int.
func (o *operand) number() float64 {
	if o.kind == intOperand {
		return float64(o.whole)
	}
	return o.float
}

// equal compares as expr's == does: numbers by their value, anything else only with its own kind.
func equal(a, b *operand) verdict {
	switch {
	case a.isNumber() && b.isNumber():
		if a.kind == intOperand && b.kind == intOperand {
			return verdictOf(a.whole == b.whole)
		}
		return verdictOf(a.number() == b.number())
	case a.kind != b.kind:
		return differs
	case a.kind == textOperand:
		return verdictOf(bytes.Equal(a.text, b.text))
	case a.kind == compositeOperand:
		return undecided
	}
	return verdictOf(a.whole == b.whole) // bool; nil has none
}

// order compares as expr's <, <=, > and >= do: numbers with numbers and text with text. ok is false for anything else.
func order(a, b *operand) (result int, ok bool) {
	switch {
	case a.kind == intOperand && b.kind == intOperand:
		return cmp.Compare(a.whole, b.whole), true
	case a.isNumber() && b.isNumber():
		return cmp.Compare(a.number(), b.number()), true
	case a.kind == textOperand && b.kind == textOperand:
		return bytes.Compare(a.text, b.text), true
	}
	return 0, false
}

// field returns a field's value in the event at hand. It is decoded once an event, whoever asks.
func (e *evaluator) field(index int) *operand {
	o := &e.operands[e.row*e.fields+index]
	if o.event != e.event {
		o.event = e.event
		e.decode(o, *e.value(index))
	}
	return o
}

// decode does what event.Value.Any does, without allocating.
func (e *evaluator) decode(o *operand, value event.Value) {
	switch value.Kind() {
	case event.Missing, event.Null:
		o.kind, o.whole = nilOperand, 0
	case event.False:
		o.kind, o.whole = boolOperand, 0
	case event.True:
		o.kind, o.whole = boolOperand, 1
	case event.Number:
		if whole, ok := value.Int(); ok && int64(int(whole)) == whole {
			o.kind, o.whole = intOperand, int(whole)
			return
		}
		o.kind = floatOperand
		o.float, _ = value.Float()
	case event.String:
		o.kind, o.text = textOperand, e.contents(value)
	default:
		o.kind = compositeOperand
	}
}

// contents returns what a string says, where it stands if it has no escapes.
func (e *evaluator) contents(value event.Value) []byte {
	raw := value.Raw()
	inside := raw[1 : len(raw)-1]
	if plainLength(inside) == len(inside) {
		return inside
	}
	from := len(e.text)
	e.text = appendUnescaped(e.text, inside)
	return e.text[from:]
}
