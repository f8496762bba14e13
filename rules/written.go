package rules

import "bytes"

// written is a constant text as it stands in JSON strings that have canonical escapes: a quotation mark, a backslash and
// the control characters that have short escapes are escaped by those, and nothing else is. In such a string, each
// character of ASCII is written in one way only. So the text is in what the string says just where its written form is
// in the string and begins with a character, not in the middle of an escape; the string need not be unescaped. What
// is not UTF-8 or beyond ASCII has no part in this.
type written struct {
	finder
	// known is false for a text that has no such form, or may have another one too.
	known bool
}

func newWritten(text string) written {
	form := make([]byte, 0, 2*len(text))
	for i := range len(text) {
		switch char := text[i]; {
		case char >= 0x80:
			return written{}
		case shortEscapes[char] != 0:
			form = append(form, '\\', shortEscapes[char])
		case char < ' ':
			return written{}
		default:
			form = append(form, char)
		}
	}
	return written{newFinder(string(form)), true}
}

// writtenParts returns the written forms of texts, none where one of them has none.
func writtenParts(parts []finder) []finder {
	var forms []finder
	for _, part := range parts {
		form := newWritten(string(part.text))
		if !form.known {
			return nil
		}
		forms = append(forms, form.finder)
	}
	return forms
}

// shortEscapes has what is written behind a backslash for a character.
var shortEscapes = [128]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// isIn tells whether the text is in what a string says, given its inside, in which all escapes are canonical.
func (w *written) isIn(inside []byte) bool {
	for from := 0; ; {
		at := w.index(inside[from:])
		if at < 0 {
			return false
		}
		if at += from; !isEscaped(inside, at) {
			return true
		}
		from = at + 1
	}
}

// isEscaped tells whether what stands at a place belongs to a backslash before it.
func isEscaped(inside []byte, at int) bool {
	from := at
	for from > 0 && inside[from-1] == '\\' {
		from--
	}
	return (at-from)%2 == 1
}

// hasCanonicalEscapes tells whether the inside of a string has no escapes of other forms than those of written.
func hasCanonicalEscapes(inside []byte) bool {
	for {
		at := bytes.IndexByte(inside, '\\')
		if at < 0 {
			return true
		}
		if char := inside[at+1]; char == 'u' || char == '/' {
			return false
		}
		inside = inside[at+2:]
	}
}
