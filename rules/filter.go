package rules

import (
	"strings"

	"github.com/logboom/logboom/event"
)

// Filter is a condition of a rule by itself, for whoever wants to choose events. It is used by one goroutine at a time.
type Filter struct {
	condition *condition
	scanner   *event.Scanner
	evaluator evaluator
}

// NewFilter compiles a condition, as a rule's where. The error says what is wrong with it.
func NewFilter(where string) (*Filter, error) {
	set := &Set{}
	compiling := compiler{set: set, paths: newPathTable(timestampField, messageField), conditions: make(map[string]int)}
	if _, err := compiling.condition(strings.TrimSpace(where)); err != nil {
		return nil, err
	}
	if err := set.selectFields(compiling.paths); err != nil {
		return nil, err
	}
	return &Filter{set.conditions[0], set.selector.NewScanner(), newEvaluator(set, 1)}, nil
}

// Matches tells whether a document meets the condition, and whether that can be known. It cannot, and counts as no, where a
// field is there and of the wrong type, and where the document is no JSON object. The document is not kept.
func (f *Filter) Matches(document []byte) (matches, known bool) {
	if err := f.scanner.Scan(document, f.evaluator.free()); err != nil {
		return false, false
	}
	f.evaluator.take()
	f.evaluator.judgement++
	result := f.evaluator.evaluate(f.condition, firstRows(1))
	f.evaluator.release()
	return result.matches != 0, result.fails == 0
}
