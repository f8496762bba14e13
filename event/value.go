package event

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// Kind is what sort of JSON value a [Value] is.
type Kind uint8

// The kinds of values. Missing is the kind of the zero Value: the document does not have the field.
const (
	Missing Kind = iota
	Null
	False
	True
	Number
	String
	Object
	Array
)

// String returns the name of the kind, as it is used in messages.
func (k Kind) String() string {
	names := [...]string{"missing", "null", "false", "true", "number", "string", "object", "array"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// kindOf returns the kind of the valid value that begins with this byte.
func kindOf(first byte) Kind {
	switch first {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 't':
		return True
	case 'f':
		return False
	case 'n':
		return Null
	default:
		return Number
	}
}

// Value is a value in a document. It is a slice of the document's bytes, so it is small to pass around, costs nothing
// until it is decoded, and must not be used any more once those bytes are changed or given back. The zero Value is
// missing. Its methods are safe for concurrent use.
type Value struct {
	raw   []byte
	route uint32 // the nodes at which the keys ended that led here, see scanner.forget
	kind  Kind
	plain bool // see Plain
}

// Kind returns what the value is.
func (v Value) Kind() Kind { return v.kind }

// Raw returns the value as it is written in the document, a string with its quotes; nil if it is missing. It is a part
// of the document and must not be written to.
func (v Value) Raw() []byte { return v.raw }

// AppendText appends the value as text and returns the extended slice: the contents of a string, a number, true and
// false as they are written, an object or array as its JSON, and nothing for null and missing. As in encoding/json,
// what is not UTF-8 and half of a surrogate pair become U+FFFD.
func (v Value) AppendText(dst []byte) []byte {
	switch v.kind {
	case Missing, Null:
		return dst
	case String:
		if contents, ok := v.Bytes(); ok {
			return append(dst, contents...)
		}
		return appendUnescaped(dst, v.inside())
	default:
		return append(dst, v.raw...)
	}
}

// Text returns what [Value.AppendText] appends.
func (v Value) Text() string {
	if contents, ok := v.Bytes(); ok {
		return string(contents)
	}
	return string(v.AppendText(nil))
}

// Bytes returns the contents of a string without copying them. It returns false if the value is not a string, or one
// that has to be decoded first because it has escapes or is not UTF-8. The bytes are a part of the document and must
// not be written to.
func (v Value) Bytes() ([]byte, bool) {
	if v.kind != String {
		return nil, false
	}
	inside := v.inside()
	if bytes.IndexByte(inside, '\\') >= 0 || !utf8.Valid(inside) {
		return nil, false
	}
	return inside, true
}

// inside returns a string without its quotes. Its capacity ends with it, so that who appends copies.
func (v Value) inside() []byte { return v.raw[1 : len(v.raw)-1 : len(v.raw)-1] }

// Plain says that each escape in the value is one of \" \\ \b \f \n \r \t: of two plain strings the texts are the same if
// and only if the bytes are. It is a by-product of the fast way to scan; false means that it is not known.
func (v Value) Plain() bool { return v.plain }

// Int returns the value of a number that is whole and fits, however it is written: 15, 15.0 and 1.5e1 are the same.
// It returns false for anything else, a string with digits among it.
func (v Value) Int() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	return parseInt(v.raw)
}

// Float returns the value of a number, rounded to the nearest float64. It returns false for anything that is not a
// number, and for a number that is too large for a float64.
func (v Value) Float() (float64, bool) {
	if v.kind != Number {
		return 0, false
	}
	number := parseFloat(v.raw)
	return number, !math.IsInf(number, 0)
}

// Any decodes the value for code that works on Go's own types: nil (missing or null), bool, int (a number that is
// whole and fits, see [Value.Int]), float64 (any other number; infinite if it is too large), string, []any and
// map[string]any. Unlike the rest of this package it allocates.
func (v Value) Any() any {
	switch v.kind {
	case False, True:
		return v.kind == True
	case Number:
		return anyNumber(v.raw)
	case String:
		return v.Text()
	case Object, Array:
		return decode(v.raw)
	default:
		return nil
	}
}

// decode decodes an object or array that is known to be valid.
func decode(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		return nil // can't be: Scan has read it, and MaxDepth is below encoding/json's limit
	}
	return withNumbers(decoded)
}

// withNumbers replaces each json.Number by an int or float64, in place.
func withNumbers(decoded any) any {
	switch typed := decoded.(type) {
	case json.Number:
		return anyNumber([]byte(typed))
	case []any:
		for i, element := range typed {
			typed[i] = withNumbers(element)
		}
	case map[string]any:
		for key, member := range typed {
			typed[key] = withNumbers(member)
		}
	}
	return decoded
}
