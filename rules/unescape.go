package rules

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	eachByte    = 0x0101010101010101
	highBits    = 0x80 * eachByte
	backslashes = '\\' * eachByte
)

// special returns a word whose lowest set bit is in the first of eight bytes that is a backslash or no ASCII, and 0 if there
// is none. Bits above the lowest one mean nothing, because of the borrow of the subtraction.
func special(word uint64) uint64 {
	distance := word ^ backslashes
	return ((distance-eachByte)&^distance | word) & highBits
}

// plainLength returns how many bytes at the front are neither a backslash nor beyond ASCII.
func plainLength(inside []byte) int {
	at := 0
	for ; at+8 <= len(inside); at += 8 {
		if found := special(binary.LittleEndian.Uint64(inside[at:])); found != 0 {
			return at + bits.TrailingZeros64(found)>>3
		}
	}
	for at < len(inside) && inside[at] != '\\' && inside[at] < utf8.RuneSelf {
		at++
	}
	return at
}

// appendUnescaped appends what the inside of a valid JSON string says. It is event.Value's AppendText for a string, made
// for lines of logs: nearly all ASCII and with few escapes, so that most of it is copied in runs. As there, what is not
// UTF-8 and half of a surrogate pair become U+FFFD.
func appendUnescaped(dst, inside []byte) []byte {
	for {
		plain := plainLength(inside)
		dst = append(dst, inside[:plain]...)
		inside = inside[plain:]
		switch {
		case len(inside) == 0:
			return dst
		case inside[0] == '\\':
			dst, inside = appendEscape(dst, inside[1:])
		default:
			next := bytes.IndexByte(inside, '\\')
			if next < 0 {
				return appendValid(dst, inside)
			}
			dst = appendValid(dst, inside[:next])
			inside = inside[next:]
		}
	}
}

// simpleEscapes has what stands behind a backslash for one byte.
var simpleEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// appendValid appends text with each byte that is not UTF-8 replaced.
func appendValid(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	for len(text) > 0 {
		char, size := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, char)
		text = text[size:]
	}
	return dst
}

// appendEscape appends what an escape stands for, given what follows its backslash, and returns what follows the escape.
func appendEscape(dst, rest []byte) (text, after []byte) {
	if char := simpleEscapes[rest[0]]; char != 0 {
		return append(dst, char), rest[1:]
	}
	unit, size := unicodeEscape(rest)
	return utf8.AppendRune(dst, unit), rest[size:]
}

// The length of an escape without its backslash, as in u00e4, and of two that make a surrogate pair, as in ud83d\ude00.
const (
	unicodeEscapeLength = 5
	surrogatesLength    = 11
)

func unicodeEscape(rest []byte) (char rune, size int) {
	first := codeUnit(rest[1:])
	if !utf16.IsSurrogate(first) {
		return first, unicodeEscapeLength
	}
	if len(rest) >= surrogatesLength && rest[5] == '\\' && rest[6] == 'u' {
		if pair := utf16.DecodeRune(first, codeUnit(rest[7:])); pair != utf8.RuneError {
			return pair, surrogatesLength
		}
	}
	return utf8.RuneError, unicodeEscapeLength
}

// codeUnit returns the number that four hexadecimal digits write.
func codeUnit(digits []byte) rune {
	var unit rune
	for _, digit := range digits[:4] {
		unit <<= 4
		switch {
		case digit <= '9':
			unit += rune(digit - '0')
		default:
			unit += rune(digit|0x20) - 'a' + 10
		}
	}
	return unit
}
