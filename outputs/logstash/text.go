package logstash

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Eight equal bytes, for looking at eight bytes of a string at a time.
const (
	eachByte  = 0x0101010101010101
	highBits  = 0x80 * eachByte
	flipQuote = 0x02 * eachByte // makes '"' a space, and leaves control characters control characters
	upToSpace = 0x21 * eachByte // all below this is a control character or, after flipQuote, a quote
	backslash = '\\' * eachByte
)

// special returns a word whose lowest set bit is in the first of eight bytes that is a quote, a backslash or a control
// character, and 0 if there is none. Bits above the lowest one mean nothing, because of the borrow of a subtraction.
func special(word uint64) uint64 {
	quoteOrControl := (word ^ flipQuote) - upToSpace
	escape := (word ^ backslash) - eachByte
	return (quoteOrControl | escape) &^ word & highBits
}

// hexDigit returns what a hexadecimal digit is worth, or a number below 0 if it is none.
func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	default:
		return -1
	}
}

// codeUnit returns the number in the \uXXXX at the start of the text, or one below 0 if there is none.
func codeUnit(text []byte) rune {
	if len(text) < len(`\u0000`) || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit := rune(0)
	for _, digit := range text[2:6] {
		worth := hexDigit(digit)
		if worth < 0 {
			return -1
		}
		unit = unit<<4 | worth
	}
	return unit
}

// loneSurrogate is the size that unicodeEscape returns, with U+FFFD, for half of a surrogate pair. It is that of one
// escape; an escaped U+FFFD has the same one, and being taken for a half does it no harm.
const loneSurrogate = len(`\uD800`)

// unicodeEscape reads \uXXXX at the start of the text, and the one after it if the two are a surrogate pair. It returns
// the character and the length of what it read, 0 if it is malformed.
func unicodeEscape(text []byte) (rune, int) {
	unit := codeUnit(text)
	switch {
	case unit < 0:
		return 0, 0
	case !utf16.IsSurrogate(unit):
		return unit, 6
	}
	if pair := utf16.DecodeRune(unit, codeUnit(text[6:])); pair != utf8.RuneError {
		return pair, 12
	}
	return utf8.RuneError, loneSurrogate
}

// nextRune reads one character of the inside of a string and returns it with the number of bytes that it took, 0 if a
// string must not have it. For half of a surrogate pair and each byte that is not UTF-8 it gives U+FFFD, as Logstash
// does.
func nextRune(inside []byte) (rune, int) {
	c := inside[0]
	switch {
	case c < ' ' || c == '"':
		return 0, 0
	case c >= utf8.RuneSelf:
		return utf8.DecodeRune(inside)
	case c != '\\':
		return rune(c), 1
	case len(inside) < 2:
		return 0, 0
	}
	switch c := inside[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unicodeEscape(inside)
	default:
		return 0, 0
	}
}

// appendUnescaped appends what the inside of a valid string says.
func appendUnescaped(dst, inside []byte) []byte {
	for len(inside) > 0 {
		char, size := nextRune(inside)
		if size == 0 {
			return dst // can't be: the document was checked
		}
		dst = utf8.AppendRune(dst, char)
		inside = inside[size:]
	}
	return dst
}

// appendRune appends a character as the inside of a string has it, escaped only where JSON wants it.
func appendRune(dst []byte, char rune) []byte {
	const hexDigits = "0123456789abcdef"
	switch char {
	case '"', '\\':
		return append(dst, '\\', byte(char))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if char < ' ' {
		return append(dst, '\\', 'u', '0', '0', hexDigits[char>>4], hexDigits[char&0xf])
	}
	return utf8.AppendRune(dst, char)
}

// appendString appends a text as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString[S ~string | ~[]byte](dst []byte, text S) []byte {
	dst = append(dst, '"')
	for _, char := range string(text) {
		dst = appendRune(dst, char)
	}
	return append(dst, '"')
}

// says tells whether a valid JSON string, with its quotes, says just this text.
func says(quoted []byte, text string) bool {
	inside := quoted[1 : len(quoted)-1]
	for _, want := range text {
		if len(inside) == 0 {
			return false
		}
		char, size := nextRune(inside)
		if size == 0 || char != want {
			return false
		}
		inside = inside[size:]
	}
	return len(inside) == 0
}
