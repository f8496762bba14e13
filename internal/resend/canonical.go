package resend

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/logboom/logboom/event"
)

// The canonical form of a string is the one that encoders of Beats write: a quote, a backslash and \b \f \n \r \t escaped
// like this, everything else, other control characters too, as the bytes it is. It is hashed as it stands, so that
// nothing is decoded in the common case. Bytes that are not UTF-8 stay what they are.

// canonicalEscape says which letters behind a backslash are canonical.
var canonicalEscape = [256]bool{'"': true, '\\': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// Eight equal bytes.
const (
	eachByte  = 0x0101010101010101
	highBits  = 0x80 * eachByte
	backslash = '\\' * eachByte
)

// mayHaveOddEscape tells whether there may be an escape that is not canonical in the inside of a string. Lines of access logs
// have many escaped quotes, so that to look at each escape would take longer than to look at everything.
func mayHaveOddEscape(inside []byte) bool {
	if len(inside) < 9 {
		return bytes.IndexByte(inside, '\\') >= 0
	}
	last, odd := inside[len(inside)-9:], uint64(0)
	for len(inside) >= 9 {
		odd |= oddEscape((*[9]byte)(inside))
		inside = inside[8:]
	}
	return (odd|oddEscape((*[9]byte)(last)))&highBits != 0
}

// oddEscape looks for a backslash in the first eight of nine bytes. The high bit of a byte of the result is set where there is
// one and an odd character behind it; the other bits mean nothing. The letters of canonical escapes are even, '/' and 'u',
// those of the others, are odd; so only what stands behind an escaped backslash can be mistaken.
func oddEscape(nine *[9]byte) uint64 {
	other := binary.LittleEndian.Uint64(nine[:8]) ^ backslash
	return (other - eachByte) &^ other & (binary.LittleEndian.Uint64(nine[1:]) << 7)
}

// isCanonical says whether the inside of a valid JSON string is in the canonical form.
func isCanonical(inside []byte) bool {
	for {
		next := bytes.IndexByte(inside, '\\')
		if next < 0 {
			return true
		}
		if !canonicalEscape[inside[next+1]] {
			return false
		}
		inside = inside[next+2:]
	}
}

// appendCanonical appends the canonical form of the inside of a string.
func appendCanonical(to, inside []byte) []byte {
	for {
		next := bytes.IndexByte(inside, '\\')
		if next < 0 {
			return append(to, inside...)
		}
		to = append(to, inside[:next]...)
		inside = inside[next:]
		switch letter := inside[1]; {
		case canonicalEscape[letter]:
			to, inside = append(to, '\\', letter), inside[2:]
		case letter == 'u':
			to, inside = appendUnit(to, inside)
		default:
			to, inside = append(to, letter), inside[2:]
		}
	}
}

// appendUnit appends the canonical form of the \uXXXX that inside begins with, or of two that are a surrogate pair, and
// returns what follows. Half of a pair is U+FFFD, as in encoding/json.
func appendUnit(to, inside []byte) ([]byte, []byte) {
	char := codeUnit(inside)
	inside = inside[6:]
	if utf16.IsSurrogate(char) {
		char = utf16.DecodeRune(char, codeUnit(inside))
		if char != utf8.RuneError {
			inside = inside[6:]
		}
	}
	switch char {
	case '"', '\\':
		return append(to, '\\', byte(char)), inside
	case '\b', '\f', '\n', '\r', '\t':
		const letters = "btn\vfr" // those of the characters 8 to 13
		return append(to, '\\', letters[char-'\b']), inside
	}
	return utf8.AppendRune(to, char), inside
}

// codeUnit returns what \uXXXX stands for, and 0 where something else stands there, which is no half of a pair.
func codeUnit(inside []byte) rune {
	if len(inside) < 6 || inside[0] != '\\' || inside[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(inside[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}

// appendValue appends the canonical form of a value that is there, and no string: of a number that is whole its digits,
// so that 5 and "5" are the same; of objects and arrays JSON with sorted keys. Only those allocate, and nothing that
// Filebeat sends has them where they are looked for.
func appendValue(to []byte, value event.Value) []byte {
	switch value.Kind() {
	case event.Number:
		if number, whole := value.Int(); whole {
			return strconv.AppendInt(to, number, 10)
		}
	case event.Object, event.Array:
		// Any gives an infinite number where one is too large, and that cannot be encoded; then the bytes have to do.
		if sorted, err := json.Marshal(value.Any()); err == nil {
			return append(to, sorted...)
		}
	}
	return append(to, value.Raw()...)
}
