package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/logboom/logboom/event"
)

// maxCondition bounds the text of a condition, in bytes.
const maxCondition = 10_000

// fieldsName is what a field is compiled to: an element of the environment's Fields, the values of just the fields that a condition
// names.
const fieldsName = "Fields"

// condition is a compiled where. It never changes after compilation and is safe for concurrent use.
type condition struct {
	// predicate is what decides, nil where only program can. program is asked where the predicate leaves it undecided.
	predicate predicate
	program   *vm.Program
	// fields are the selector's indices of the fields that the program uses, in the order of the environment's Fields.
	fields []int
}

// compileCondition compiles an expr expression whose identifiers are fields of the event: message, host.name,
// http["response"], or field("@timestamp") for a name that is no identifier.
func compileCondition(source string, paths *pathTable) (*condition, error) {
	if len(source) > maxCondition {
		return nil, fmt.Errorf("%d bytes are too long, at most %d", len(source), maxCondition)
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("not a condition: %w", err)
	}
	names := newFieldNames(tree.Node)
	ast.Walk(&tree.Node, names)
	if names.err != nil {
		return nil, names.err
	}
	used := names.used()
	// Of an element's type nothing is known, or expr would take that of a ? 0 : field for a number.
	environment := expr.Env(types.Map{fieldsName: types.Array(types.Any)})
	program, err := expr.Compile(source, environment, expr.AsBool(), expr.Patch(newFieldPatch(tree.Node, used)))
	if err != nil {
		return nil, fmt.Errorf("not a condition: %w", err)
	}
	compiled := &condition{program: program}
	for _, path := range used {
		if _, err := event.NewSelector(path); err != nil {
			return nil, fmt.Errorf("field %q: %w", path, err)
		}
		compiled.fields = append(compiled.fields, paths.index(path))
	}
	return compiled, nil
}

// bind makes the condition ready: it replaces the provisional indices of fields by the selector's, and translates it.
// slots is how many values the conditions before it keep; bind returns how many they are with its own.
func (c *condition) bind(selected func(int) int, slots int) int {
	for i := range c.fields {
		c.fields[i] = selected(c.fields[i])
	}
	translating := translator{fields: c.fields, slots: slots}
	c.predicate = translating.predicate(c.program.Node())
	return translating.slots
}

// evaluator runs conditions on one goroutine, on a block of events after the other, reusing its memory.
type evaluator struct {
	// values are the selected ones of the block's events, of fields for each of them, and count is how many there are.
	values []event.Value
	fields int
	count  int
	// columns are what the events have in each field, as far as somebody asked in this judgement, which has a number.
	columns   []column
	judgement uint64
	// row is the event at hand, event its number. operands are those of its values that were decoded, in the order of values.
	// slots keep what is made of them, text what had to be unescaped.
	row      int
	event    uint64
	first    uint64 // number of the block's first event
	operands []operand
	slots    []operand
	text     []byte

	machine vm.VM
	// environment is what expr's machine runs on, and variables the fields in it.
	environment map[string]any
	variables   []any
}

// newEvaluator returns one for blocks of up to so many events.
func newEvaluator(set *Set, events int) evaluator {
	fields := set.selector.Len()
	return evaluator{
		fields: fields, first: 1, values: make([]event.Value, fields*events), operands: make([]operand, fields*events),
		columns: make([]column, fields), slots: make([]operand, set.slots), environment: make(map[string]any),
	}
}

// next begins another block.
func (e *evaluator) next() {
	e.first += blockSize
	e.count = 0
	e.text = e.text[:0]
}

// take counts another event in, the values of which have been put where free says.
func (e *evaluator) take() { e.count++ }

// free returns where the values of the block's next event go.
func (e *evaluator) free() []event.Value {
	return e.values[e.count*e.fields : (e.count+1)*e.fields]
}

// at makes an event of the block the one at hand.
func (e *evaluator) at(row int) { e.row, e.event = row, e.first+uint64(row) }

// value returns a value of the event at hand.
func (e *evaluator) value(field int) *event.Value { return &e.values[e.row*e.fields+field] }

// release drops what refers to documents.
func (e *evaluator) release() {
	clear(e.values)
	clear(e.operands)
	clear(e.slots)
	e.next()
}

func (e *evaluator) slot(index int) *operand { return &e.slots[index] }

// verdict is what a condition says of an event.
type verdict uint8

const (
	matches verdict = iota
	differs
	// fails is for a condition that could not be evaluated although none of its fields was missing, such as an order
	// of text and number. The event does not match, and is counted.
	fails
	// undecided is what predicates say of values that they leave to expr, such as the elements of an array.
	undecided
)

// evaluate tells which events of the block meet the condition. An error is a mismatch: a field that an event does not have,
// and that the condition did not ask about by == nil or ??, is no reason to stop. Between two judgements events may come.
func (e *evaluator) evaluate(c *condition, of rows) (result verdicts) {
	if c.predicate == nil {
		result.run(e, c, of)
		return result
	}
	result = judge(e, c.predicate, of)
	if left := result.undecided; left != 0 {
		result.undecided = 0
		result.run(e, c, left)
	}
	if result.fails != 0 {
		for _, field := range c.fields {
			result.fails &^= e.misses(field)
		}
	}
	return result
}

// misses tells which events lack a field.
func (e *evaluator) misses(index int) rows { return e.column(field(index)).nothing }

// run has expr judge events of the block.
func (v *verdicts) run(e *evaluator, c *condition, of rows) {
	for ; of != 0; of &= of - 1 {
		row := of.first()
		e.at(row)
		v.add(row, e.run(c))
	}
}

func isNothing(value event.Value) bool { return value.Kind() <= event.Null }

// run gives the condition and the event at hand to expr's machine.
func (e *evaluator) run(c *condition) verdict {
	e.variables = e.variables[:0]
	missing := false
	for _, field := range c.fields {
		value := e.value(field).Any()
		missing = missing || value == nil
		e.variables = append(e.variables, value)
	}
	e.environment[fieldsName] = e.variables
	result, err := e.machine.Run(c.program, e.environment)
	switch on, isBool := result.(bool); {
	case err == nil && isBool && on:
		return matches
	case err == nil && isBool || missing:
		return differs
	}
	return fails
}

// fieldNames finds which nodes of a condition name fields. ast.Walk visits children first, so a chain a.b.c is seen from
// its root on: each longer name takes the place of the one inside.
type fieldNames struct {
	paths     map[ast.Node]string
	order     []ast.Node
	variables []string
	err       error
}

func newFieldNames(root ast.Node) *fieldNames {
	names := &fieldNames{paths: make(map[ast.Node]string)}
	ast.Walk(&root, variableNames{&names.variables})
	return names
}

// variableNames collects what `let` declares, which are no fields.
type variableNames struct{ list *[]string }

// Visit implements ast.Visitor.
func (v variableNames) Visit(node *ast.Node) {
	if declarator, ok := (*node).(*ast.VariableDeclaratorNode); ok {
		*v.list = append(*v.list, declarator.Name)
	}
}

// Visit implements ast.Visitor.
func (f *fieldNames) Visit(node *ast.Node) {
	switch typed := (*node).(type) {
	case *ast.IdentifierNode:
		if typed.Value == "$env" && f.err == nil {
			f.err = fmt.Errorf("$env is not supported; write the field itself, or field(\"a-b\")")
		}
		if !slices.Contains(f.variables, typed.Value) {
			f.name(typed, typed.Value)
		}
	case *ast.MemberNode:
		base, ok := f.paths[typed.Node]
		property, isName := typed.Property.(*ast.StringNode)
		if ok && isName {
			delete(f.paths, typed.Node)
			f.name(typed, base+"."+property.Value)
		}
	case *ast.ChainNode:
		if path, ok := f.paths[typed.Node]; ok {
			delete(f.paths, typed.Node)
			f.name(typed, path)
		}
	case *ast.CallNode:
		f.call(typed)
	}
}

func (f *fieldNames) name(node ast.Node, path string) {
	f.paths[node] = path
	f.order = append(f.order, node)
}

// call takes field("name"); any other function of a field's name does not exist.
func (f *fieldNames) call(node *ast.CallNode) {
	callee, ok := f.paths[node.Callee]
	if !ok {
		return
	}
	if callee == "field" && len(node.Arguments) == 1 {
		if name, ok := node.Arguments[0].(*ast.StringNode); ok {
			delete(f.paths, node.Callee)
			f.name(node, name.Value)
			return
		}
	}
	if f.err == nil {
		f.err = fmt.Errorf("unknown function %s; fields are tested like this: %s contains \"text\", field(\"a-b\") == 1", callee,
			strings.SplitN(callee, ".", 2)[0])
	}
}

// used returns the paths that are left, each once, in the order in which they are first named.
func (f *fieldNames) used() []string {
	var used []string
	for _, node := range f.order {
		if path, ok := f.paths[node]; ok && !slices.Contains(used, path) {
			used = append(used, path)
		}
	}
	return used
}

// fieldPatch replaces each field in a condition by its element of the environment. It meets the same tree in the same
// order as fieldNames did, and so finds the same names.
type fieldPatch struct {
	names *fieldNames
	used  []string
}

func newFieldPatch(root ast.Node, used []string) *fieldPatch {
	return &fieldPatch{names: newFieldNames(root), used: used}
}

// Visit implements ast.Visitor.
func (p *fieldPatch) Visit(node *ast.Node) {
	if comparison, ok := (*node).(*ast.BinaryNode); ok {
		p.guard(node, comparison)
		return
	}
	before := len(p.names.order)
	p.names.Visit(node)
	if len(p.names.order) == before {
		return
	}
	// A name that only begins a longer one stands here for a moment; it gets index 0 and is replaced with its parent.
	path := p.names.paths[*node]
	patched := &ast.MemberNode{
		Node:     &ast.IdentifierNode{Value: fieldsName},
		Property: &ast.IntegerNode{Value: max(0, slices.Index(p.used, path))},
	}
	delete(p.names.paths, *node)
	ast.Patch(node, patched)
	p.names.paths[*node] = path
}

// guard makes a comparison false where it cannot be made for want of a field: of an order by itself, and of what is computed from a
// field. Otherwise expr would give up the whole condition, and what a field is compared with behind an or would not be looked at.
func (p *fieldPatch) guard(node *ast.Node, comparison *ast.BinaryNode) {
	var needed []ast.Node
	switch comparison.Operator {
	case "<", "<=", ">", ">=":
		needed = p.needed(p.needed(nil, comparison.Left), comparison.Right)
	case "==", "!=", "contains", "startsWith", "endsWith", "matches", "in":
		for _, side := range []ast.Node{comparison.Left, comparison.Right} {
			if _, isField := p.names.paths[side]; !isField { // expr compares nil with anything
				needed = p.needed(needed, side)
			}
		}
	}
	var guarded ast.Node = comparison
	for _, field := range needed {
		there := &ast.BinaryNode{Operator: "!=", Left: field, Right: &ast.NilNode{}}
		guarded = &ast.BinaryNode{Operator: "and", Left: there, Right: guarded}
	}
	if len(needed) > 0 {
		ast.Patch(node, guarded)
	}
}

// needed appends the fields without which a value cannot be computed.
func (p *fieldPatch) needed(list []ast.Node, of ast.Node) []ast.Node {
	if _, isField := p.names.paths[of]; isField {
		return append(list, of)
	}
	switch of := of.(type) {
	case *ast.BuiltinNode:
		for _, argument := range of.Arguments {
			list = p.needed(list, argument)
		}
	case *ast.UnaryNode:
		if of.Operator == "-" || of.Operator == "+" {
			list = p.needed(list, of.Node)
		}
	case *ast.BinaryNode:
		switch of.Operator {
		case "+", "-", "*", "/", "%", "^", "**":
			list = p.needed(p.needed(list, of.Left), of.Right)
		}
	}
	return list
}
