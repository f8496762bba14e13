package logstash

// decideMessage finds the message. It must be called after decideTimestamp.
func (x *edit) decideMessage() {
	switch {
	case x.present(nameMessage):
		x.messageName = nameMessage
		x.replaced[nameMessage] = x.value(nameMessage)[0] != '"' // it becomes a text, as all that a codec decodes
	case x.present(nameLine):
		x.messageName = nameLine
		x.replaced[nameLine] = true
	default:
		x.replaced[nameInvalidTimestamp] = x.found.Marks&TimeInvalid != 0
		return
	}
	if !x.encoder.rules.original {
		return
	}
	switch value := x.value(nameEvent); {
	case !x.present(nameEvent):
		x.replaced[nameEvent] = true
	case value[0] != '{':
		x.found.Marks |= EventNotObject
	default:
		_, has := find(value, "original")
		x.replaced[nameEvent] = !has
	}
}

// appendMessage appends the message, if it was not a string, and event.original.
func (x *edit) appendMessage(dst []byte) []byte {
	if x.messageName == nameOther {
		return dst
	}
	text := x.value(x.messageName)
	if text[0] != '"' {
		text = appendString(nil, text)
	}
	if x.replaced[nameMessage] || x.messageName == nameLine && !x.outline.has(nameMessage) {
		dst = append(append(comma(dst), `"message":`...), text...)
	}
	if !x.replaced[nameEvent] {
		return dst
	}
	dst = append(append(comma(dst), `"event":{"original":`...), text...)
	if own := x.value(nameEvent); len(own) > len(`{}`) && own[0] == '{' {
		return append(append(dst, ','), own[1:]...)
	}
	return append(dst, '}')
}
