package logstash

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// text reads the rest of a string up to and including its closing quote.
func (s *plainScanner) text(pos int) int {
	document, wide := s.document, s.wide
	for pos+8 <= len(document) {
		eight := document[pos : pos+8 : pos+8]
		word := binary.LittleEndian.Uint64(eight)
		wide |= word
		found := special(word)
		if found == 0 {
			pos += 8
			continue
		}
		pos += bits.TrailingZeros64(found) >> 3
		if document[pos] == '"' {
			s.wide = wide
			return pos + 1
		}
		if pos = s.escape(pos); pos == notPlain {
			return notPlain
		}
	}
	s.wide = wide
	return s.lastText(pos)
}

// lastText is text for the last few bytes of the document.
func (s *plainScanner) lastText(pos int) int {
	for pos < len(s.document) {
		switch c := s.document[pos]; {
		case c == '"':
			return pos + 1
		case c == '\\' || c < ' ':
			if pos = s.escape(pos); pos == notPlain {
				return notPlain
			}
		default:
			s.wide |= uint64(c)
			pos++
		}
	}
	return notPlain
}

// escape reads a backslash and what belongs to it. Half of a surrogate pair is not plain.
func (s *plainScanner) escape(pos int) int {
	if s.document[pos] != '\\' {
		return notPlain
	}
	switch s.at(pos + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 2
	case 'u':
		char, size := unicodeEscape(s.document[pos:])
		if size == 0 || char == utf8.RuneError && size == loneSurrogate {
			return notPlain
		}
		return pos + size
	default:
		return notPlain
	}
}
