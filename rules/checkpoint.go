package rules

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/logboom/logboom/window"
)

// checkpointVersion is the first number of a checkpoint. Another version is refused rather than guessed at.
const checkpointVersion = 3

// End is when the last episode of a key ended that the engine has forgotten.
type End struct {
	Rule string
	Key  []byte
	End  int64
}

// AppendCheckpoint appends all state of the engine as bytes: version, number of the last transition, the rules as JSON,
// then for each rule its next id and its keys, those silent longest first. Ends is not in it.
func (e *Engine) AppendCheckpoint(to []byte) ([]byte, error) {
	definitions, err := json.Marshal(e.Rules())
	if err != nil {
		return nil, fmt.Errorf("encode rules: %w", err)
	}
	to = slices.Grow(to, e.checkpointSize())
	to = binary.AppendUvarint(to, checkpointVersion)
	to = binary.AppendUvarint(to, e.number)
	to = appendBytes(to, definitions)
	for _, rule := range e.rules {
		to = binary.AppendUvarint(to, rule.nextID)
		to = binary.AppendUvarint(to, uint64(rule.keys.size))
		rule.each(func(key *keyState) {
			if err == nil {
				to, err = key.append(to)
			}
		})
	}
	return to, err
}

// checkpointSize returns about how many bytes a checkpoint has, so that as a rule it need not be moved as it grows.
func (e *Engine) checkpointSize() int {
	const aRun, aKey = 4, 128
	size := aRun*e.runs + 4<<10
	for _, rule := range e.rules {
		for key := range rule.keys.all() {
			size += aKey
			for i := range key.lines.count() {
				size += len(key.lines.texts[key.lines.place(i)].text) + 2
			}
		}
	}
	return size
}

func (k *keyState) append(to []byte) ([]byte, error) {
	to = binary.AppendUvarint(to, k.id)
	to = appendBytes(to, []byte(k.key))
	to = k.window.AppendBinary(to)
	to = k.alert.AppendBinary(to)
	to = binary.AppendUvarint(to, uint64(k.lines.count()))
	for i := range k.lines.count() {
		to = appendLine(to, k.lines.texts[k.lines.place(i)])
	}
	if k.opened == nil {
		return appendBytes(to, nil), nil
	}
	opened, err := json.Marshal(k.opened)
	if err != nil {
		return nil, fmt.Errorf("encode transition: %w", err)
	}
	return appendBytes(to, opened), nil
}

func appendBytes(to, bytes []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(bytes)))
	return append(to, bytes...)
}

// Restore brings back the state that AppendCheckpoint wrote. The engine must be new. It fails with ErrVersion or
// ErrRecord, and takes no more memory than a small multiple of the input; the engine must then be thrown away.
func (e *Engine) Restore(checkpoint []byte) error {
	in := &window.Reader{Bytes: checkpoint}
	if version := in.Uvarint(); version != checkpointVersion {
		return fmt.Errorf("%w: %d, this program reads %d", ErrVersion, version, checkpointVersion)
	}
	e.number = in.Uvarint()
	var list []Rule
	if err := json.Unmarshal(in.Take(in.Uvarint()), &list); err != nil || in.Failed {
		return fmt.Errorf("%w: rules", ErrRecord)
	}
	e.change(list, 0)
	for _, rule := range e.rules {
		if err := e.restoreRule(rule, in); err != nil {
			return err
		}
	}
	if in.Failed || len(in.Bytes) > 0 {
		return ErrRecord
	}
	e.publish()
	return nil
}

func (e *Engine) restoreRule(rule *ruleState, in *window.Reader) error {
	nextID, keys := in.Uvarint(), in.Uvarint()
	for ; keys > 0; keys-- {
		key, err := restoreKey(rule, in)
		if err != nil {
			return err
		}
		rule.include(key)
		e.account(rule, key.window.Runs())
		if key.alert.State() == window.Active {
			e.schedule(key)
		}
	}
	rule.nextID = max(rule.nextID, nextID)
	return nil
}

func restoreKey(rule *ruleState, in *window.Reader) (*keyState, error) {
	key := &keyState{rule: rule, heapIndex: -1}
	key.id, key.key = in.Uvarint(), string(in.Take(in.Uvarint()))
	if in.Failed || rule.keys.get(hashKey([]byte(key.key)), []byte(key.key)) != nil || rule.byID[key.id] != nil {
		return nil, fmt.Errorf("%w: a key of rule %q", ErrRecord, rule.Name)
	}
	var err error
	if key.window, in.Bytes, err = window.DecodeWindow(in.Bytes); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if key.alert, in.Bytes, err = window.DecodeAlert(in.Bytes); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	for lines := in.Uvarint(); lines > 0 && !in.Failed; lines-- {
		key.theLines().restore(readLine(in))
	}
	if opened := in.Take(in.Uvarint()); len(opened) > 0 {
		key.opened = new(window.Transition)
		if err := json.Unmarshal(opened, key.opened); err != nil {
			return nil, fmt.Errorf("%w: a transition", ErrRecord)
		}
	}
	if in.Failed {
		return nil, ErrRecord
	}
	return key, nil
}

// Ends returns when the last episodes of the keys that were forgotten since ForgetEnds ended. They have to be stored
// together with the checkpoint, for Options.PreviousEnd.
func (e *Engine) Ends() []End {
	list := make([]End, 0, len(e.ends))
	for key, end := range e.ends {
		list = append(list, End{Rule: key.rule, Key: []byte(key.key), End: end})
	}
	return list
}

// ForgetEnds drops what Ends returned, once it is stored.
func (e *Engine) ForgetEnds(stored []End) {
	for _, end := range stored {
		key := endKey{end.Rule, string(end.Key)}
		if e.ends[key] == end.End {
			delete(e.ends, key)
		}
	}
}

// Open returns the transitions that began the episodes which are open now, by rule, those silent longest first.
func (e *Engine) Open() []window.Transition {
	var open []window.Transition
	for _, rule := range e.rules {
		rule.active.each(func(key *keyState) {
			if key.opened != nil {
				open = append(open, *key.opened)
			}
		})
	}
	return open
}

// Number returns the number of the last transition, 0 where there was none.
func (e *Engine) Number() uint64 { return e.number }

// Counters returns the counters of each rule, by its name. The counters may be read from any goroutine, the map belongs
// to the caller.
func (e *Engine) Counters() map[string]*Counters {
	counters := make(map[string]*Counters, len(e.rules))
	for _, rule := range e.rules {
		counters[rule.Name] = rule.counters
	}
	return counters
}

// Continue makes the number of the last transition at least the given one, where transitions are known whose
// observations are lost.
func (e *Engine) Continue(number uint64) { e.number = max(e.number, number) }
