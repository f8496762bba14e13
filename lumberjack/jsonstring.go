package lumberjack

import "unicode/utf8"

// controlEscapes are the JSON escapes of the bytes below the space.
var controlEscapes = [' ']string{
	`\u0000`, `\u0001`, `\u0002`, `\u0003`, `\u0004`, `\u0005`, `\u0006`, `\u0007`,
	`\b`, `\t`, `\n`, `\u000b`, `\f`, `\r`, `\u000e`, `\u000f`,
	`\u0010`, `\u0011`, `\u0012`, `\u0013`, `\u0014`, `\u0015`, `\u0016`, `\u0017`,
	`\u0018`, `\u0019`, `\u001a`, `\u001b`, `\u001c`, `\u001d`, `\u001e`, `\u001f`,
}

// replacement stands for a byte that is not UTF-8.
const replacement = string(utf8.RuneError)

// nextEscape splits text at its first byte that can't stand in a JSON string: plain bytes come before it, escape stands
// for it, and rest comes behind it.
func nextEscape(text []byte) (plain []byte, escape string, rest []byte) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c < ' ':
			return text[:i], controlEscapes[c], text[i+1:]
		case c == '"':
			return text[:i], `\"`, text[i+1:]
		case c == '\\':
			return text[:i], `\\`, text[i+1:]
		case c < utf8.RuneSelf:
			i++
			continue
		}
		char, size := utf8.DecodeRune(text[i:])
		if char == utf8.RuneError && size == 1 {
			return text[:i], replacement, text[i+1:]
		}
		i += size
	}
	return text, "", nil
}

// jsonStringLength returns the length of what appendJSONString appends.
func jsonStringLength(text []byte) int {
	length := len(`""`)
	for len(text) > 0 {
		plain, escape, rest := nextEscape(text)
		length += len(plain) + len(escape)
		text = rest
	}
	return length
}

// appendJSONString appends text as a JSON string. What is not UTF-8 is replaced byte by byte.
func appendJSONString(to, text []byte) []byte {
	to = append(to, '"')
	for len(text) > 0 {
		plain, escape, rest := nextEscape(text)
		to = append(append(to, plain...), escape...)
		text = rest
	}
	return append(to, '"')
}
