package rules

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// predicate is a part of a condition that is true or false. Predicates and sources never change after compilation and
// are safe for concurrent use; all that changes is in the evaluator.
type predicate interface {
	test(e *evaluator) verdict
}

// source is a part of a condition that has a value. The operand must not be changed; it lasts until the next event.
type source interface {
	operand(e *evaluator) *operand
}

func verdictOf(on bool) verdict {
	if on {
		return matches
	}
	return differs
}

// The operands of what is no field and no literal.
var (
	falseOperand  = operand{kind: boolOperand}
	trueOperand   = operand{kind: boolOperand, whole: 1}
	failedResult  = operand{kind: failedOperand}
	undecidedHere = operand{kind: undecidedOperand}
)

// literal is a constant.
type literal struct{ value operand }

func (l *literal) operand(*evaluator) *operand { return &l.value }

// field is a field of the event, by the selector's index.
type field int

func (f field) operand(e *evaluator) *operand { return e.field(int(f)) }

// coalesce is a ?? b.
type coalesce struct{ first, second source }

func (c *coalesce) operand(e *evaluator) *operand {
	if value := c.first.operand(e); value.kind != nilOperand {
		return value
	}
	return c.second.operand(e)
}

// decisionOf is a predicate whose result is compared with something.
type decisionOf struct{ predicate }

func (d decisionOf) operand(e *evaluator) *operand {
	switch d.test(e) {
	case matches:
		return &trueOperand
	case differs:
		return &falseOperand
	case fails:
		return &failedResult
	}
	return &undecidedHere
}

// length is len(x): the number of characters. slot is where the evaluator keeps it.
type length struct {
	of   source
	slot int
}

func (l *length) operand(e *evaluator) *operand {
	value := l.of.operand(e)
	switch value.kind {
	case textOperand:
		result := e.slot(l.slot)
		*result = operand{kind: intOperand, whole: utf8.RuneCount(value.text)}
		return result
	case compositeOperand, undecidedOperand:
		return &undecidedHere
	}
	return &failedResult
}

// lower is lower(x).
type lower struct {
	of   source
	slot int
}

func (l *lower) operand(e *evaluator) *operand {
	value := l.of.operand(e)
	switch value.kind {
	case textOperand:
		result := e.slot(l.slot)
		*result = operand{kind: textOperand, text: e.lowered(value.text)}
		return result
	case undecidedOperand:
		return &undecidedHere
	}
	return &failedResult
}

func (e *evaluator) lowered(text []byte) []byte {
	from := len(e.text)
	for _, char := range text {
		if char >= utf8.RuneSelf {
			e.text = append(e.text[:from], bytes.ToLower(text)...)
			break
		}
		if 'A' <= char && char <= 'Z' {
			char += 'a' - 'A'
		}
		e.text = append(e.text, char)
	}
	return e.text[from:]
}

// constant is true or false.
type constant verdict

func (c constant) test(*evaluator) verdict { return verdict(c) }

// truth is a field, or another value, in the place of a condition.
type truth struct{ source }

func (t truth) test(e *evaluator) verdict {
	value := t.operand(e)
	if value.kind == boolOperand {
		return verdictOf(value.whole == 1)
	}
	return value.outcome()
}

type negation struct{ predicate }

func (n negation) test(e *evaluator) verdict {
	switch result := n.predicate.test(e); result {
	case matches:
		return differs
	case differs:
		return matches
	default:
		return result
	}
}

// conjunction and disjunction look at the second only where the first leaves it open, and stop at a failure.
type conjunction struct{ first, second predicate }

func (c *conjunction) test(e *evaluator) verdict {
	if result := c.first.test(e); result != matches {
		return result
	}
	return c.second.test(e)
}

type disjunction struct{ first, second predicate }

func (d *disjunction) test(e *evaluator) verdict {
	if result := d.first.test(e); result != differs {
		return result
	}
	return d.second.test(e)
}

// isNil is field == nil, which needs no decoding.
type isNil struct{ field int }

func (i isNil) test(e *evaluator) verdict { return verdictOf(isNothing(*e.value(i.field))) }

// equality is a == b.
type equality struct{ left, right source }

func (q *equality) test(e *evaluator) verdict {
	left, right, ok := both(e, q.left, q.right)
	if !ok {
		return left.outcome()
	}
	return equal(left, right)
}

// both evaluates two sides in their order. Where one has no value, ok is false and left is that one.
func both(e *evaluator, first, second source) (left, right *operand, ok bool) {
	if left = first.operand(e); !left.isDefinite() {
		return left, nil, false
	}
	if right = second.operand(e); !right.isDefinite() {
		return right, nil, false
	}
	return left, right, true
}

// comparison is an order of two numbers or texts.
type comparison struct {
	left, right source
	// below, same and above are the verdicts for each order of left and right.
	below, same, above verdict
}

func (c *comparison) test(e *evaluator) verdict {
	left, right, ok := both(e, c.left, c.right)
	if !ok {
		return left.outcome()
	}
	result, ok := order(left, right)
	switch {
	case !ok:
		return fails
	case result < 0:
		return c.below
	case result > 0:
		return c.above
	}
	return c.same
}

// textual is a test of two texts, such as contains. With nothing on one side it is false, as in expr.
type textual struct {
	left, right source
	holds       func(text, part []byte) bool
}

func (t *textual) test(e *evaluator) verdict {
	left, right, ok := both(e, t.left, t.right)
	switch {
	case !ok:
		return left.outcome()
	case left.kind == nilOperand || right.kind == nilOperand:
		return differs
	case left.kind != textOperand || right.kind != textOperand:
		return fails
	}
	return verdictOf(t.holds(left.text, right.text))
}

// affix is a test for a constant text at the beginning or the end.
type affix struct {
	left    source
	text    []byte
	atEnd   bool
	written written
}

func (a *affix) test(e *evaluator) verdict {
	switch left := a.left.operand(e); left.kind {
	case nilOperand:
		return differs
	case textOperand:
		return verdictOf(a.holds(left.text))
	default:
		return left.outcome()
	}
}

func (a *affix) holds(text []byte) bool {
	if a.atEnd {
		return bytes.HasSuffix(text, a.text)
	}
	return bytes.HasPrefix(text, a.text)
}

// contains is a test for a constant text anywhere.
type contains struct {
	left    source
	part    finder
	written written
}

func (c *contains) test(e *evaluator) verdict {
	switch left := c.left.operand(e); left.kind {
	case nilOperand:
		return differs
	case textOperand:
		return verdictOf(c.part.index(left.text) >= 0)
	default:
		return left.outcome()
	}
}

// isText is field == "text".
type isText struct {
	field   field
	text    string
	written written
}

func (i *isText) test(e *evaluator) verdict {
	value := e.field(int(i.field))
	return verdictOf(value.kind == textOperand && string(value.text) == i.text)
}

// pattern is a match of a constant regular expression. A text that lacks one of the required parts can't match, and to
// find that out is much cheaper.
type pattern struct {
	left       source
	expression *regexp.Regexp
	required   []finder
	written    []finder // the required parts as they stand in strings with canonical escapes, none if not known
}

func (p *pattern) test(e *evaluator) verdict {
	switch left := p.left.operand(e); left.kind {
	case nilOperand:
		return differs
	case textOperand:
		return verdictOf(findAll(p.required, left.text) && p.expression.Match(left.text))
	default:
		return left.outcome()
	}
}

// wordSet is x in a list of texts. Nothing counts as the empty text, and what is no text fails, as in expr.
type wordSet struct {
	left  source
	words map[string]struct{}
	// forms are those of the words that have one as written, known says that all have, and few are the same forms if they are
	// so few that it takes less time to look for one after the other.
	forms map[string]struct{}
	few   []written
	known bool
}

// fewWords is up to how many words are looked for one by one.
const fewWords = 8

func newWordSet(left source, words map[string]struct{}) *wordSet {
	set := &wordSet{left: left, words: words, forms: make(map[string]struct{}), known: true}
	for word := range words {
		form := newWritten(word)
		if !form.known {
			set.known = false
			continue
		}
		set.forms[string(form.text)] = struct{}{}
		if len(words) <= fewWords {
			set.few = append(set.few, form)
		}
	}
	return set
}

func (w *wordSet) has(text []byte) bool {
	_, has := w.words[string(text)]
	return has
}

// found returns those of the events whose strings, looked at as they are written, are in the list.
func (w *wordSet) found(e *evaluator, left field, of rows) (result rows) {
	if len(w.words) <= fewWords {
		for i := range w.few {
			result |= w.few[i].equal(e, left, of&^result)
		}
		return result
	}
	for ; of != 0; of &= of - 1 {
		row := of.first()
		if _, has := w.forms[string(e.inside(row, left))]; has {
			result |= rowBit(row)
		}
	}
	return result
}

func (w *wordSet) test(e *evaluator) verdict {
	switch left := w.left.operand(e); left.kind {
	case nilOperand:
		return verdictOf(w.has(nil))
	case textOperand:
		return verdictOf(w.has(left.text))
	default:
		return left.outcome()
	}
}

// list is x in a list of literals.
type list struct {
	left     source
	elements []operand
}

func (l *list) test(e *evaluator) verdict {
	left := l.left.operand(e)
	if !left.isDefinite() {
		return left.outcome()
	}
	for i := range l.elements {
		if equal(&l.elements[i], left) == matches {
			return matches
		}
	}
	return differs
}
