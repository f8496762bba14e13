package logstash

import "bytes"

// What is here walks over values that are known to be valid.

// endOfText returns the position behind the string whose opening quote stands at a position.
func endOfText(text []byte, pos int) int {
	for pos++; ; pos += 2 { // behind a backslash and what it escapes
		pos += bytes.IndexAny(text[pos:], `"\`)
		if text[pos] == '"' {
			return pos + 1
		}
	}
}

// endOfValue returns the position behind the value that begins at a position.
func endOfValue(text []byte, pos int) int {
	switch text[pos] {
	case '"':
		return endOfText(text, pos)
	case '{', '[':
		return endOfContainer(text, pos)
	}
	for pos < len(text) {
		switch text[pos] {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return pos
		}
		pos++
	}
	return pos
}

func endOfContainer(text []byte, pos int) int {
	for depth := 0; ; {
		switch text[pos] {
		case '"':
			pos = endOfText(text, pos)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if pos++; depth == 0 {
			return pos
		}
	}
}

// find returns the member of a plain object with a key, which must need no escapes.
func find(object []byte, key string) (member, bool) {
	for pos := 1; object[pos] != '}'; {
		found := member{start: pos}
		found.value = endOfText(object, pos) + 1
		found.end = endOfValue(object, found.value)
		if string(object[pos+1:found.value-2]) == key {
			return found, true
		}
		if pos = found.end; object[pos] == ',' {
			pos++
		}
	}
	return member{}, false
}

// appendJoined appends the elements of a valid array as text with commas between them, as Logstash does where an array
// stands in a template: strings without quotes, nothing for null, an array in it likewise, an object as its JSON.
func appendJoined(dst, array []byte) []byte {
	first := true
	for pos := 1; ; {
		switch array[pos] {
		case ']':
			return dst
		case ',', ' ', '\t', '\n', '\r':
			pos++
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		end := endOfValue(array, pos)
		dst = appendElement(dst, array[pos:end])
		pos = end
	}
}

func appendElement(dst, value []byte) []byte {
	switch value[0] {
	case '"':
		return appendUnescaped(dst, value[1:len(value)-1])
	case '[':
		return appendJoined(dst, value)
	case 'n':
		return dst
	default:
		return append(dst, value...)
	}
}
