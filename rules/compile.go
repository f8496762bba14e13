package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logboom/logboom/event"
)

// The bounds of what a rule may ask for. The threshold's keeps the memory of one key under 16 MB whatever comes in,
// since only the latest threshold events are never merged.
const (
	MaxWindow    = 31 * 24 * time.Hour
	MaxThreshold = 1_000_000
	MaxKeysLimit = 1_000_000
	maxName      = 200
	maxGroupBy   = 16
)

// timestampField and messageField are the fields that every event is read for.
const (
	timestampField = "@timestamp"
	messageField   = "message"
)

// Error says what is wrong with one setting of one rule.
type Error struct {
	// Rule is the index of the rule in the list given to Compile, Field the setting's name as in the configuration.
	Rule  int
	Field string
	Err   error
}

// Error returns a line such as "rules[0].where: unknown function foo".
func (e *Error) Error() string { return fmt.Sprintf("rules[%d].%s: %v", e.Rule, e.Field, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Set is a list of compiled rules. It never changes and is safe for concurrent use.
type Set struct {
	rules      []compiled
	conditions []*condition
	groupings  []grouping
	selector   *event.Selector
	timestamp  int
	message    int
	// slots is how many values the conditions keep for an event.
	slots int
}

// compiled is a rule that is ready to be matched. Rules that say the same share conditions and groupings.
type compiled struct {
	Rule
	// condition and grouping are places in the set's lists, or none.
	condition int
	grouping  int
}

// none is the place of what a rule does not have.
const none = -1

// grouping is the selector's indices of the fields that make a key.
type grouping []int

// Compile checks the rules and compiles them. It fails with all mistakes at once: the error joins one *Error for each.
// The fields are read from every event beside those that rules need; see Batch.Values.
func Compile(list []Rule, fields ...string) (*Set, error) {
	set := &Set{rules: make([]compiled, len(list))}
	compiling := compiler{set: set, paths: newPathTable(timestampField, messageField), conditions: make(map[string]int)}
	var mistakes []error
	names := make(map[string]int)
	for i, rule := range list {
		mistake := func(field string, err error) {
			mistakes = append(mistakes, &Error{Rule: i, Field: field, Err: err})
		}
		rule.check(mistake)
		if first, ok := names[rule.Name]; ok && rule.Name != "" {
			mistake("name", fmt.Errorf("%q is the name of rules[%d] too; names must be unique", rule.Name, first))
		}
		names[rule.Name] = i
		set.rules[i] = compiling.rule(rule.withDefaults(), mistake)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	for _, field := range fields {
		compiling.paths.index(field)
	}
	return set, set.selectFields(compiling.paths)
}

// Selector returns what reads the fields of events. Its indices are those of Batch.Values.
func (s *Set) Selector() *event.Selector { return s.selector }

// compiler has what is known while the rules of a set are compiled.
type compiler struct {
	set        *Set
	paths      *pathTable
	conditions map[string]int
}

func (c *compiler) rule(rule Rule, mistake func(string, error)) compiled {
	result := compiled{Rule: rule, condition: none, grouping: none}
	if rule.Where != "" {
		condition, err := c.condition(rule.Where)
		if err != nil {
			mistake("where", err)
		}
		result.condition = condition
	}
	var fields grouping
	for _, field := range rule.GroupBy {
		if _, err := event.NewSelector(field); err != nil {
			mistake("group_by", err)
			continue
		}
		fields = append(fields, c.paths.index(field))
	}
	if len(fields) > 0 {
		result.grouping = c.grouping(fields)
	}
	return result
}

// condition compiles a condition, once for all rules that have the same text.
func (c *compiler) condition(where string) (int, error) {
	if index, ok := c.conditions[where]; ok {
		return index, nil
	}
	compiled, err := compileCondition(where, c.paths)
	if err != nil {
		return none, err
	}
	index := len(c.set.conditions)
	c.set.conditions, c.conditions[where] = append(c.set.conditions, compiled), index
	return index, nil
}

func (c *compiler) grouping(fields grouping) int {
	same := func(other grouping) bool { return slices.Equal(fields, other) }
	if index := slices.IndexFunc(c.set.groupings, same); index >= 0 {
		return index
	}
	c.set.groupings = append(c.set.groupings, fields)
	return len(c.set.groupings) - 1
}

// selectFields replaces the provisional indices of fields by the selector's.
func (s *Set) selectFields(paths *pathTable) error {
	selector, err := event.NewSelector(paths.list...)
	if err != nil {
		return fmt.Errorf("select fields: %w", err)
	}
	selected := func(provisional int) int {
		index, _ := selector.Index(paths.list[provisional])
		return index
	}
	s.selector = selector
	s.timestamp, s.message = selected(0), selected(1)
	for _, fields := range s.groupings {
		for i := range fields {
			fields[i] = selected(fields[i])
		}
	}
	for _, condition := range s.conditions {
		s.slots = condition.bind(selected, s.slots)
	}
	return nil
}

// Rules returns the rules with their defaults filled in.
func (s *Set) Rules() []Rule {
	list := make([]Rule, len(s.rules))
	for i := range s.rules {
		list[i] = s.rules[i].Rule
	}
	return list
}

func (r Rule) withDefaults() Rule {
	r.Where = strings.TrimSpace(r.Where)
	if r.MaxKeys == 0 {
		r.MaxKeys = DefaultMaxKeys
	}
	return r
}

func (r Rule) check(mistake func(string, error)) {
	if r.Name == "" {
		mistake("name", errors.New("a rule needs a name; it is shown in every alert"))
	}
	if len(r.Name) > maxName {
		mistake("name", fmt.Errorf("%d bytes are too long, at most %d", len(r.Name), maxName))
	}
	if r.Window <= 0 || r.Window > MaxWindow {
		mistake("window", fmt.Errorf("%v is out of range; more than 0, at most %v", r.Window, MaxWindow))
	}
	if r.Threshold < 1 || r.Threshold > MaxThreshold {
		mistake("threshold", fmt.Errorf("%d is out of range; 1 to %d", r.Threshold, MaxThreshold))
	}
	if r.Idle < 0 {
		mistake("idle", fmt.Errorf("%v is negative; use a duration or off", r.Idle))
	}
	if r.MaxKeys < 0 || r.MaxKeys > MaxKeysLimit {
		mistake("max_keys", fmt.Errorf("%d is out of range; 1 to %d", r.MaxKeys, MaxKeysLimit))
	}
	if len(r.GroupBy) > maxGroupBy {
		mistake("group_by", fmt.Errorf("%d fields are too many, at most %d", len(r.GroupBy), maxGroupBy))
	}
}

// ID returns a short identifier made from the rule's name: 16 hexadecimal digits of its SHA-256.
func (r Rule) ID() string {
	hash := sha256.Sum256([]byte(r.Name))
	return hex.EncodeToString(hash[:8])
}

// Revision returns an identifier of what the rule evaluates: where, group by, window and threshold. Two rules of one name
// and one revision share their windows and episodes; a change of idle or of the limits keeps them.
func (r Rule) Revision() string {
	hash := sha256.New()
	part := func(text string) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		hash.Write(length[:])
		hash.Write([]byte(text))
	}
	part(strings.TrimSpace(r.Where))
	for _, field := range r.GroupBy {
		part(field)
	}
	part(r.Window.String())
	part(fmt.Sprint(r.Threshold))
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// pathTable numbers field paths in the order in which they are first asked for.
type pathTable struct {
	list    []string
	numbers map[string]int
}

func newPathTable(first ...string) *pathTable {
	table := &pathTable{numbers: make(map[string]int)}
	for _, path := range first {
		table.index(path)
	}
	return table
}

func (t *pathTable) index(path string) int {
	if number, ok := t.numbers[path]; ok {
		return number
	}
	number := len(t.list)
	t.list, t.numbers[path] = append(t.list, path), number
	return number
}
