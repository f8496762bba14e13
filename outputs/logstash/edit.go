package logstash

import "slices"

// edit is one event on its way. Its document is plain, so that each thing stands in it in one form only.
type edit struct {
	encoder  *Encoder
	origin   *Origin
	document []byte
	outline  outline
	found    *Found

	messageName name         // whose value is the message; nameOther if there is none
	replaced    *[names]bool // members that are not copied; in found
	hostname    []byte       // a value for host, nil to leave it
}

func (x *edit) value(which name) []byte { return x.outline.value(x.document, which) }

// present tells whether a member is there and not null.
func (x *edit) present(which name) bool {
	value := x.value(which)
	return len(value) > 0 && value[0] != 'n'
}

// append appends the event: what is copied in the order in which it came, behind that what is new or changed.
func (x *edit) append(dst []byte) []byte {
	x.decide()
	begin := len(dst)
	dst = slices.Grow(dst, len(x.document)+len(x.value(x.messageName))+sizeOfAdditions)
	dst = x.copyRest(append(dst, '{'))
	x.found.members.tail = len(dst) - begin
	if !x.outline.has(nameVersion) {
		dst = append(comma(dst), `"@version":"1"`...)
	}
	dst = x.appendTimestamp(dst)
	dst = x.appendMessage(dst)
	dst = x.appendHost(dst)
	if x.encoder.typeMember != nil && !x.outline.has(nameType) {
		dst = append(comma(dst), x.encoder.typeMember...)
	}
	if len(x.encoder.fields) > 0 {
		dst = x.addFields(append(dst, '}'), begin)
	}
	if x.replaced[nameTags] {
		dst = x.appendTags(dst, begin)
	}
	return append(dst, '}')
}

// sizeOfAdditions is room for the members that most events get, so that a buffer grows once.
const sizeOfAdditions = 160

// decide finds out which members are replaced.
func (x *edit) decide() {
	x.replaced[nameMetadata] = true
	x.decideTimestamp()
	x.decideMessage()
	x.decideTags()
	x.decideHost()
}

// copyRest copies the members that are not replaced, each run of them at once.
func (x *edit) copyRest(dst []byte) []byte {
	from := 1
	for _, which := range x.outline.order[:x.outline.count] {
		if !x.replaced[which] {
			continue
		}
		cut := x.outline.at[which]
		if from < cut.start {
			dst = append(comma(dst), x.document[from:cut.start-1]...)
		}
		from = cut.end + 1 // behind the comma, or behind the closing brace
	}
	if from < x.outline.end {
		dst = append(comma(dst), x.document[from:x.outline.end]...)
	}
	return dst
}

// comma appends what separates a member from what comes before it, which begins with a brace.
func comma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}
