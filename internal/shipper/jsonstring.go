package shipper

import "unicode/utf8"

const hexadecimal = "0123456789abcdef"

// verbatim says which bytes stand for themselves in a JSON string, whatever is around them.
var verbatim = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendString appends text as a JSON string, as Filebeat encodes it: <, > and & stay as they are, bytes that are not
// UTF-8 become U+FFFD, and so that the line can be pasted into JavaScript, U+2028 and U+2029 are escaped.
func appendString[S ~string | ~[]byte](dst []byte, text S) []byte {
	dst = append(dst, '"')
	begin := 0
	for i := 0; i < len(text); {
		c := text[i]
		if verbatim[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendEscaped(append(dst, text[begin:i]...), c)
			i++
			begin = i
			continue
		}
		character, size := utf8.DecodeRuneInString(string(text[i:min(len(text), i+utf8.UTFMax)]))
		if escape := escapeOf(character, size); escape != "" {
			dst = append(append(dst, text[begin:i]...), escape...)
			begin = i + size
		}
		i += size
	}
	return append(append(dst, text[begin:]...), '"')
}

// escapeOf returns what stands for a character beyond ASCII, or "" where it stands for itself.
func escapeOf(character rune, size int) string {
	switch {
	case character == utf8.RuneError && size == 1:
		return `\ufffd`
	case character == '\u2028':
		return `\u2028`
	case character == '\u2029':
		return `\u2029`
	}
	return ""
}

// appendEscaped appends an ASCII character that can't stand for itself.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&0xf])
}
