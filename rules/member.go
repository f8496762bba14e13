package rules

import (
	"bytes"
	"unicode/utf8"
)

// member is x in a field that is an array. Texts in an array of plain values are found where they stand; anything else
// is left to expr.
type member struct {
	left  source
	array field
}

func (m member) test(e *evaluator) verdict {
	left, array, ok := both(e, m.left, m.array)
	switch {
	case !ok:
		return left.outcome()
	case array.kind == nilOperand:
		return differs
	case array.kind != compositeOperand:
		return fails
	case left.kind != textOperand:
		return undecided
	}
	return findText(e.value(int(m.array)).Raw(), left.text)
}

// findText looks for a text among the elements of an array, which is valid JSON.
func findText(array, text []byte) verdict {
	if array[0] != '[' {
		return undecided
	}
	for rest := array[1:]; ; {
		next := bytes.IndexAny(rest, `"[{]`)
		switch rest = rest[next:]; rest[0] {
		case ']':
			return differs
		case '[', '{':
			return undecided
		}
		end := bytes.IndexByte(rest[1:], '"')
		element := rest[1 : 1+end]
		switch {
		case bytes.IndexByte(element, '\\') >= 0 || !utf8.Valid(element):
			return undecided
		case bytes.Equal(element, text):
			return matches
		}
		rest = rest[end+2:]
	}
}
