package logstash

// scalar reads a number, true, false or null and returns the position behind it, or notPlain if there is none.
func scalar(document []byte, pos int) int {
	if pos >= len(document) {
		return notPlain
	}
	switch document[pos] {
	case 't':
		return word(document, pos, "true")
	case 'f':
		return word(document, pos, "false")
	case 'n':
		return word(document, pos, "null")
	default:
		return number(document, pos)
	}
}

func word(document []byte, pos int, text string) int {
	end := pos + len(text)
	if end > len(document) || string(document[pos:end]) != text {
		return notPlain
	}
	return end
}

// number reads a number as RFC 8259, section 6, writes it.
func number(document []byte, pos int) int {
	if document[pos] == '-' {
		pos++
	}
	if pos < len(document) && document[pos] == '0' {
		pos++
	} else if pos = digits(document, pos); pos == notPlain {
		return notPlain
	}
	if pos < len(document) && document[pos] == '.' {
		if pos = digits(document, pos+1); pos == notPlain {
			return notPlain
		}
	}
	if pos == len(document) || document[pos]|0x20 != 'e' {
		return pos
	}
	pos++
	if pos < len(document) && (document[pos] == '+' || document[pos] == '-') {
		pos++
	}
	return digits(document, pos)
}

// digits reads one digit or more.
func digits(document []byte, pos int) int {
	start := pos
	for pos < len(document) && document[pos]-'0' <= 9 {
		pos++
	}
	if pos == start {
		return notPlain
	}
	return pos
}
