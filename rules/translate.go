package rules

import (
	"bytes"
	"reflect"
	"regexp"

	"github.com/expr-lang/expr/ast"
)

// translator turns the syntax tree that expr made of a condition, checked and optimised, into predicates that work on
// the bytes of the event. It knows what people usually write; for anything else it returns nil, and expr's machine runs
// the whole condition.
type translator struct {
	// fields are the selector's indices of the condition's fields.
	fields []int
	slots  int
}

// predicate translates a node whose value decides.
func (t *translator) predicate(node ast.Node) predicate {
	switch node := node.(type) {
	case *ast.BoolNode:
		return constant(verdictOf(node.Value))
	case *ast.UnaryNode:
		if node.Operator == "!" || node.Operator == "not" {
			return wrap(t.predicate(node.Node), func(p predicate) predicate { return negation{p} })
		}
	case *ast.BinaryNode:
		if node.Operator != "??" {
			return t.binary(node)
		}
	case *ast.NilNode:
		return nil
	}
	if value := t.source(node); value != nil {
		return truth{value}
	}
	return nil
}

func wrap(inner predicate, outer func(predicate) predicate) predicate {
	if inner == nil {
		return nil
	}
	return outer(inner)
}

func (t *translator) binary(node *ast.BinaryNode) predicate {
	switch node.Operator {
	case "and", "&&", "or", "||":
		return t.logical(node)
	case "==":
		return t.equality(node)
	case "!=":
		return wrap(t.equality(node), func(p predicate) predicate { return negation{p} })
	case "in":
		return t.in(node)
	case "matches":
		return t.matches(node)
	}
	left, right := t.source(node.Left), t.source(node.Right)
	if left == nil || right == nil {
		return nil
	}
	switch node.Operator {
	case "<":
		return &comparison{left, right, matches, differs, differs}
	case "<=":
		return &comparison{left, right, matches, matches, differs}
	case ">":
		return &comparison{left, right, differs, differs, matches}
	case ">=":
		return &comparison{left, right, differs, matches, matches}
	case "contains":
		if part, isConstant := node.Right.(*ast.StringNode); isConstant {
			return &contains{left, newFinder(part.Value), newWritten(part.Value)}
		}
		return &textual{left, right, bytes.Contains}
	case "startsWith":
		if part, isConstant := node.Right.(*ast.StringNode); isConstant {
			return &affix{left, []byte(part.Value), false, newWritten(part.Value)}
		}
		return &textual{left, right, bytes.HasPrefix}
	case "endsWith":
		if part, isConstant := node.Right.(*ast.StringNode); isConstant {
			return &affix{left, []byte(part.Value), true, newWritten(part.Value)}
		}
		return &textual{left, right, bytes.HasSuffix}
	}
	return nil
}

func (t *translator) logical(node *ast.BinaryNode) predicate {
	first, second := t.predicate(node.Left), t.predicate(node.Right)
	switch {
	case first == nil || second == nil:
		return nil
	case node.Operator == "and" || node.Operator == "&&":
		return &conjunction{first, second}
	}
	return &disjunction{first, second}
}

func (t *translator) equality(node *ast.BinaryNode) predicate {
	left, right := t.source(node.Left), t.source(node.Right)
	if left == nil || right == nil {
		return nil
	}
	if of, isField := left.(field); isField {
		switch right := node.Right.(type) {
		case *ast.NilNode:
			return isNil{int(of)}
		case *ast.StringNode:
			return &isText{of, right.Value, newWritten(right.Value)}
		}
	}
	return &equality{left, right}
}

func (t *translator) in(node *ast.BinaryNode) predicate {
	left := t.source(node.Left)
	if left == nil {
		return nil
	}
	switch right := node.Right.(type) {
	case *ast.ConstantNode:
		switch values := right.Value.(type) {
		case map[string]struct{}:
			return newWordSet(left, values)
		case []any:
			return literals(left, values)
		}
	case *ast.MemberNode:
		if array, ok := t.field(right).(field); ok {
			return member{left, array}
		}
	}
	return nil
}

func literals(left source, values []any) predicate {
	in := &list{left: left}
	for _, value := range values {
		element, ok := literalOf(value)
		if !ok {
			return nil
		}
		in.elements = append(in.elements, element)
	}
	return in
}

func literalOf(value any) (operand, bool) {
	switch value := value.(type) {
	case nil:
		return operand{}, true
	case bool:
		if value {
			return trueOperand, true
		}
		return falseOperand, true
	case int:
		return operand{kind: intOperand, whole: value}, true
	case float64:
		return operand{kind: floatOperand, float: value}, true
	case string:
		return operand{kind: textOperand, text: []byte(value)}, true
	}
	return operand{}, false
}

func (t *translator) matches(node *ast.BinaryNode) predicate {
	left := t.source(node.Left)
	text, isConstant := node.Right.(*ast.StringNode)
	if left == nil || !isConstant {
		return nil
	}
	expression, err := regexp.Compile(text.Value)
	if err != nil {
		return nil
	}
	required := requiredParts(text.Value)
	return &pattern{left, expression, required, writtenParts(required)}
}

// source translates a node whose value is compared.
func (t *translator) source(node ast.Node) source {
	switch node := node.(type) {
	case *ast.NilNode:
		return &literal{}
	case *ast.BoolNode:
		return constantSource(node.Value)
	case *ast.StringNode:
		return constantSource(node.Value)
	case *ast.IntegerNode:
		// expr may have given the literal another type, for its other side.
		if kind := node.Type(); kind != nil && kind.Kind() != reflect.Int {
			return nil
		}
		return constantSource(node.Value)
	case *ast.FloatNode:
		if kind := node.Type(); kind != nil && kind.Kind() != reflect.Float64 {
			return nil
		}
		return constantSource(node.Value)
	case *ast.MemberNode:
		return t.field(node)
	case *ast.BuiltinNode:
		return t.builtin(node)
	case *ast.BinaryNode:
		if node.Operator == "??" {
			return t.coalesce(node)
		}
	}
	if !yieldsBool(node) {
		return nil
	}
	if decided := t.predicate(node); decided != nil {
		return decisionOf{decided}
	}
	return nil
}

func constantSource(value any) source {
	constant, _ := literalOf(value)
	return &literal{constant}
}

// yieldsBool tells whether the value of a node is true or false whatever the event. That of a and b is b's, which may be
// a field that is no bool.
func yieldsBool(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.UnaryNode:
		return node.Operator == "!" || node.Operator == "not"
	case *ast.BinaryNode:
		switch node.Operator {
		case "==", "!=", "<", "<=", ">", ">=", "in", "matches", "contains", "startsWith", "endsWith":
			return true
		case "and", "&&", "or", "||":
			return yieldsBool(node.Right)
		}
	case *ast.BoolNode:
		return true
	}
	return false
}

// field translates what fieldPatch made of a field: an element of the environment's Fields.
func (t *translator) field(node *ast.MemberNode) source {
	base, isName := node.Node.(*ast.IdentifierNode)
	index, isIndex := node.Property.(*ast.IntegerNode)
	if !isName || !isIndex || base.Value != fieldsName || index.Value >= len(t.fields) {
		return nil
	}
	return field(t.fields[index.Value])
}

func (t *translator) coalesce(node *ast.BinaryNode) source {
	if _, isNil := node.Right.(*ast.NilNode); isNil {
		return nil
	}
	first, second := t.source(node.Left), t.source(node.Right)
	if first == nil || second == nil {
		return nil
	}
	return &coalesce{first, second}
}

func (t *translator) builtin(node *ast.BuiltinNode) source {
	if len(node.Arguments) != 1 {
		return nil
	}
	of := t.source(node.Arguments[0])
	if of == nil {
		return nil
	}
	switch node.Name {
	case "len":
		return &length{of, t.slot()}
	case "lower":
		return &lower{of, t.slot()}
	}
	return nil
}

func (t *translator) slot() int {
	t.slots++
	return t.slots - 1
}
