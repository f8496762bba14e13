package logstash

import (
	"fmt"
	"slices"
	"strings"

	"github.com/logboom/logboom/event"
)

// addedField is a field that the settings add to what is written.
type addedField struct {
	path []string // the names, as they stand between the quotes of JSON
	text *Templates
}

// addedMetadata is a field of @metadata that the settings add, which only templates see.
type addedMetadata struct {
	path string // below @metadata, with dots
	text *Template
}

// addField compiles one setting of add_field.
func (e *Encoder) addField(field Field) error {
	names, err := namesOf(field.Name)
	if err != nil {
		return err
	}
	switch {
	case names[0] == "tags" && len(names) == 1:
		text, err := NewTemplates(e, field.Value)
		e.tags = append(e.tags, text)
		return err
	case names[0] == "@metadata":
		text, err := ParseTemplate(field.Value)
		e.metadata = append(e.metadata, addedMetadata{strings.Join(names[1:], "."), text})
		return err
	}
	text, err := NewTemplates(e, field.Value)
	for i, name := range names {
		quoted := appendString(nil, name)
		names[i] = string(quoted[1 : len(quoted)-1])
	}
	e.fields = append(e.fields, addedField{names, text})
	return err
}

// namesOf splits the name of a field to add. Unlike in a path to read, a dot in it is a part of a name, as in Logstash.
func namesOf(reference string) ([]string, error) {
	if strings.Contains(reference, "%{") {
		return nil, fmt.Errorf("%w: the name of a field to add must not contain %%{...}, write the name itself", ErrSettings)
	}
	if _, err := event.NewSelector(reference); err != nil {
		return nil, fmt.Errorf("%w: write the name as name or [a][b]: %w", ErrSettings, err)
	}
	names := []string{reference}
	if reference[0] == '[' {
		names = strings.Split(reference[1:len(reference)-1], "][")
	}
	if isDottedMetadata([]byte(names[0])) {
		return nil, fmt.Errorf("%w: a field of @metadata is written [@metadata][name]", ErrSettings)
	}
	if names[0] == "@timestamp" || names[0] == "@metadata" && len(names) == 1 {
		return nil, fmt.Errorf("%w: %s cannot be added, the event has it; choose another name", ErrSettings, names[0])
	}
	return names, nil
}

// addFields adds the settings' fields to the event that begins in dst at begin, and takes away its closing brace.
func (x *edit) addFields(dst []byte, begin int) []byte {
	for i := range x.encoder.fields {
		field := &x.encoder.fields[i]
		end := len(dst)
		dst = x.appendText(dst, field.text, dst[begin:end])
		quoted := slices.Clone(dst[end:])
		dst = x.addTo(dst[:end], begin, field.path, quoted)
	}
	return dst[:len(dst)-1]
}

// addTo adds a value, which is JSON, to the object that begins in dst at start.
func (x *edit) addTo(dst []byte, start int, path []string, value []byte) []byte {
	found, has := find(dst[start:], path[0])
	from, end := start+found.value, start+found.end
	switch {
	case !has:
		return insertMember(dst, endOfContainer(dst, start)-1, path, value)
	case len(path) == 1:
		return appendToArray(dst, from, end, value)
	case dst[from] == '{':
		return x.addTo(dst, from, path[1:], value)
	case dst[from] == 'n':
		dst = slices.Replace(dst, from, end, '{', '}')
		return x.addTo(dst, from, path[1:], value)
	default:
		x.found.Marks |= FieldNotAdded
		return dst
	}
}

// insertMember inserts a member in front of the closing brace of an object, with objects for the rest of the path.
func insertMember(dst []byte, brace int, path []string, value []byte) []byte {
	var inserted []byte
	if dst[brace-1] != '{' {
		inserted = append(inserted, ',')
	}
	for i, name := range path {
		if i > 0 {
			inserted = append(inserted, '{')
		}
		inserted = append(append(append(inserted, '"'), name...), '"', ':')
	}
	inserted = append(inserted, value...)
	for range len(path) - 1 {
		inserted = append(inserted, '}')
	}
	return slices.Insert(dst, brace, inserted...)
}

// appendToArray makes the value from here to end an array, if it is none, and appends another to it.
func appendToArray(dst []byte, from, end int, value []byte) []byte {
	switch {
	case dst[from] == 'n':
		return slices.Replace(dst, from, end, slices.Concat([]byte{'['}, value, []byte{']'})...)
	case dst[from] == '[' && end == from+len(`[]`):
		return slices.Insert(dst, end-1, value...)
	case dst[from] == '[':
		return slices.Insert(dst, end-1, slices.Concat([]byte{','}, value)...)
	default:
		dst = slices.Insert(dst, end, slices.Concat([]byte{','}, value, []byte{']'})...)
		return slices.Insert(dst, from, '[')
	}
}

// appendText appends what a text says about the event, as far as it is written, as a JSON string.
func (x *edit) appendText(dst []byte, text *Templates, written []byte) []byte {
	start := len(dst)
	if constant, is := text.Template(0).Constant(); is {
		return appendString(dst, constant)
	}
	values, _ := x.encoder.values.Get().(*Values)
	defer x.encoder.values.Put(values)
	if err := text.Scan(values, x.found, written, x.origin); err != nil {
		values.clear() // can't be: what is written is an event
	}
	dst = text.Append(append(dst, '"'), 0, values)
	values.clear()
	return quote(dst, start)
}

// quote makes what follows the quote at start the inside of a JSON string and closes it.
func quote(dst []byte, start int) []byte {
	for _, c := range dst[start+1:] {
		if c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return appendString(dst[:start], slices.Clone(dst[start+1:]))
		}
	}
	return append(dst, '"')
}
