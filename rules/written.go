package rules

import "bytes"

// written is a constant text as it stands in JSON strings that have canonical escapes: a quotation mark, a backslash and
// the control characters that have short escapes are escaped by those, and nothing else is. In such a string, each
// character of ASCII is written in one way only. So the text is in what the string says just where its written form is
// in the string and begins with a character, not in the middle of an escape; the string need not be unescaped. What
// is not UTF-8 or beyond ASCII has no part in this.
type written struct {
	finder
	// known is false for a text that has no such form, or may have another one too. A plain string is never it and never
	// has it in it.
	known bool
	// front is how the form begins, whole the same of a string that is nothing but the form: with the quotation mark behind.
	front, whole head
}

func newWritten(text string) written {
	form := make([]byte, 0, 2*len(text)+1)
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
	return written{newFinder(string(form)), true, newHead(form), newHead(append(form, '"'))}
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

// asWritten returns those of the events with strings in which a text may be looked for as it is written, which are those with
// canonical escapes. Of a text that has no form they are the plain ones: it is in none of them.
func (e *evaluator) asWritten(known bool, field field, of rows) rows {
	of &= e.column(field).text
	if known {
		return e.canonicalOf(field, of)
	}
	return e.plainOf(field, of)
}

// equal returns those of the events whose strings say the text.
func (w *written) equal(e *evaluator, field field, of rows) rows {
	if !w.known {
		return 0
	}
	of = e.column(field).beginWith(w.whole, of)
	if len(w.text) >= headSize {
		for rest := of; rest != 0; rest &= rest - 1 {
			if row := rest.first(); !bytes.Equal(e.inside(row, field), w.text) {
				of &^= rowBit(row)
			}
		}
	}
	return of
}

// begin returns those of the events whose strings begin with the text.
func (w *written) begin(e *evaluator, field field, of rows) rows {
	if !w.known {
		return 0
	}
	of = e.column(field).beginWith(w.front, of)
	if len(w.text) > headSize {
		for rest := of; rest != 0; rest &= rest - 1 {
			if row := rest.first(); !bytes.HasPrefix(e.inside(row, field), w.text) {
				of &^= rowBit(row)
			}
		}
	}
	return of
}

// end returns those of the events whose strings end with the text.
func (w *written) end(e *evaluator, field field, of rows) (result rows) {
	if !w.known {
		return 0
	}
	for ; of != 0; of &= of - 1 {
		row := of.first()
		inside := e.inside(row, field)
		if bytes.HasSuffix(inside, w.text) && !isEscaped(inside, len(inside)-len(w.text)) {
			result |= rowBit(row)
		}
	}
	return result
}

// contained returns those of the events whose strings have the text in them.
func (w *written) contained(e *evaluator, field field, of rows) (result rows) {
	if !w.known {
		return 0
	}
	for ; of != 0; of &= of - 1 {
		if row := of.first(); w.isIn(e.inside(row, field)) {
			result |= rowBit(row)
		}
	}
	return result
}

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
