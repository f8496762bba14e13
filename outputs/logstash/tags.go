package logstash

// Tags that say which way an event came, and what was wrong with it.
const (
	tagDecoded          = "beats_input_codec_plain_applied"
	tagRaw              = "beats_input_raw_event"
	tagInvalidTimestamp = "_timestampparsefailure"
	tagInvalidTags      = "_tagsparsefailure"
)

// codecTag returns the tag that says whether there was a message for the codec.
func (x *edit) codecTag() string {
	if x.messageName == nameOther {
		return tagRaw
	}
	return tagDecoded
}

// decideTags finds out whether the tags change. It must be called after decideMessage.
func (x *edit) decideTags() {
	own := x.value(nameTags)
	switch {
	case x.present(nameTags) && !areTags(own):
		x.found.Marks |= TagsRenamed
		x.replaced[nameTags], x.replaced[nameRenamedTags] = true, true
	case len(x.encoder.tags) > 0:
		x.replaced[nameTags] = true
	case x.replaced[nameInvalidTimestamp] && !hasTag(own, tagInvalidTimestamp):
		x.replaced[nameTags] = true
	case x.encoder.rules.codecTag:
		x.replaced[nameTags] = !hasTag(own, x.codecTag())
	}
}

// areTags tells whether a plain value is a string or an array of strings.
func areTags(value []byte) bool {
	if value[0] != '[' {
		return value[0] == '"'
	}
	for pos := 1; value[pos] != ']'; {
		if value[pos] != '"' {
			return false
		}
		if pos = endOfValue(value, pos); value[pos] == ',' {
			pos++
		}
	}
	return true
}

// hasTag tells whether plain tags, which may be missing or null, or the inside of an array of them, have this one.
func hasTag(tags []byte, tag string) bool {
	for pos := 0; pos < len(tags); pos++ {
		if tags[pos] != '"' {
			continue
		}
		end := endOfValue(tags, pos)
		if says(tags[pos:end], tag) {
			return true
		}
		pos = end
	}
	return false
}

// appendTags appends the tags: the Beat's own, those that say what was wrong, the settings', the codec's. The event
// begins in dst at begin and is complete but for its tags and its closing brace.
func (x *edit) appendTags(dst []byte, begin int) []byte {
	configured := x.encoder.constantTags
	if configured == nil && len(x.encoder.tags) > 0 {
		dst = append(dst, '}')
		configured = x.configuredTags(dst[begin:])
		dst = dst[:len(dst)-1]
	}
	if x.found.Marks&TagsRenamed != 0 {
		dst = append(comma(dst), `"_tags":[`...)
		dst = append(append(dst, x.value(nameTags)...), ']')
	}
	dst = append(comma(dst), `"tags":[`...)
	first := len(dst)
	switch own := x.value(nameTags); {
	case x.found.Marks&TagsRenamed != 0:
		dst = append(dst, `"`+tagInvalidTags+`"`...)
	case len(own) > 0 && own[0] == '"':
		dst = append(dst, own...)
	case len(own) > 0 && own[0] == '[':
		dst = append(dst, own[1:len(own)-1]...)
	}
	if x.replaced[nameInvalidTimestamp] {
		dst = appendTag(dst, first, tagInvalidTimestamp)
	}
	if len(configured) > 0 {
		dst = append(separate(dst, first), configured...)
	}
	if x.encoder.rules.codecTag {
		dst = appendTag(dst, first, x.codecTag())
	}
	return append(dst, ']')
}

// configuredTags returns the tags of the settings for the event as far as it is written, with commas between them.
func (x *edit) configuredTags(written []byte) []byte {
	var configured []byte
	for _, tag := range x.encoder.tags {
		configured = x.appendText(separate(configured, 0), tag, written)
	}
	return configured
}

// joinConstantTags returns the tags of the settings with commas between them, nil if they are not the same for all.
func (e *Encoder) joinConstantTags() []byte {
	var joined []byte
	for _, tag := range e.tags {
		constant, is := tag.Template(0).Constant()
		if !is {
			return nil
		}
		joined = appendString(separate(joined, 0), constant)
	}
	return joined
}

// appendTag appends a tag to those that begin in dst at first, unless it is among them.
func appendTag(dst []byte, first int, tag string) []byte {
	if hasTag(dst[first:], tag) {
		return dst
	}
	dst = append(separate(dst, first), '"')
	return append(append(dst, tag...), '"')
}

// separate appends a comma unless the array, whose inside begins at first, is empty.
func separate(dst []byte, first int) []byte {
	if len(dst) == first {
		return dst
	}
	return append(dst, ',')
}
