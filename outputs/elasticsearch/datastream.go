package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The references to the parts of a data stream's name, one line each, so that one text has all of them.
const (
	streamType      = "%{[data_stream][type]}"
	streamDataset   = "%{[data_stream][dataset]}"
	streamNamespace = "%{[data_stream][namespace]}"
	streamText      = streamType + "\n" + streamDataset + "\n" + streamNamespace
)

// streamKeyEnd is in every event that has a data_stream, and begins with a byte that is rare, so that it is soon looked for.
const streamKeyEnd = `_stream":`

// streamParts is how many parts a data stream's name has.
const streamParts = 3

// streamPart is one part of the name: its field, what the text says where an event has no such field, and its default.
type streamPart struct {
	field, literal, otherwise string
}

// streams finds the data stream of events, and completes their data_stream.*.
type streams struct {
	parts [streamParts]streamPart
	// complete is what is put at the beginning of an event that has nothing of it.
	complete []byte
}

func newStreams(d DataStream) streams {
	s := streams{parts: [streamParts]streamPart{
		{"type", streamType, d.Type},
		{"dataset", streamDataset, d.Dataset},
		{"namespace", streamNamespace, d.Namespace},
	}}
	s.complete = append(s.complete, `{"data_stream":{`...)
	for i, part := range s.parts {
		if i > 0 {
			s.complete = append(s.complete, ',')
		}
		s.complete = appendQuoted(append(appendQuoted(s.complete, []byte(part.field)), ':'), []byte(part.otherwise))
	}
	s.complete = append(s.complete, '}')
	return s
}

// errStream says that data_stream.* of an event make no name.
var errStream = errors.New("data_stream.* of the event make no name of a data stream: a line feed is in one")

// appendName appends the name of the data stream that a text names. missing says which parts the event did not have.
func (s *streams) appendName(dst, text []byte) (name []byte, missing [streamParts]bool, err error) {
	for i := range s.parts {
		said, rest, more := bytes.Cut(text, []byte{'\n'})
		if more != (i < streamParts-1) {
			return dst, missing, errStream
		}
		text = rest
		if i > 0 {
			dst = append(dst, '-')
		}
		if missing[i] = string(said) == s.parts[i].literal; missing[i] {
			dst = append(dst, s.parts[i].otherwise...)
		} else {
			dst = append(dst, said...)
		}
	}
	return dst, missing, nil
}

// appendBody appends an event, with those of data_stream.* added that are missing.
func (s *streams) appendBody(dst, body []byte, missing [streamParts]bool) ([]byte, error) {
	switch {
	case missing == [streamParts]bool{}:
		return append(dst, body...), nil
	case missing == [streamParts]bool{true, true, true} && !bytes.Contains(body, []byte(streamKeyEnd)):
		return appendMember(dst, s.complete, body), nil
	}
	return s.appendEdited(dst, body, missing)
}

// appendMember appends an event with a member in front, which begins with a brace.
func appendMember(dst, member, body []byte) []byte {
	dst = append(dst, member...)
	if len(body) > len("{}") {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...)
}

// appendEdited is appendBody for an event that may have a data_stream without all that it needs, which is seldom.
func (s *streams) appendEdited(dst, body []byte, missing [streamParts]bool) ([]byte, error) {
	from, to, found, err := memberOf(body, "data_stream")
	if err != nil {
		return dst, fmt.Errorf("read data_stream: %w", err)
	}
	members := map[string]json.RawMessage{}
	if found && body[from] == '{' {
		if err := json.Unmarshal(body[from:to], &members); err != nil {
			return dst, fmt.Errorf("read data_stream: %w", err)
		}
	}
	for i, part := range s.parts {
		if missing[i] {
			members[part.field] = appendQuoted(nil, []byte(part.otherwise))
		}
	}
	object, err := marshal(members)
	if err != nil {
		return dst, fmt.Errorf("write data_stream: %w", err)
	}
	if !found {
		return appendMember(dst, append([]byte(`{"data_stream":`), object...), body), nil
	}
	return append(append(append(dst, body[:from]...), object...), body[to:]...), nil
}

// marshal is json.Marshal that leaves < > & as they are.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'}), err
}

// memberOf returns where the value of a member of an object begins and ends. There is no white space outside of strings.
func memberOf(object []byte, name string) (from, to int, found bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return 0, 0, false, errors.Join(err, errors.New("it is no object"))
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return 0, 0, false, err
		}
		from := int(decoder.InputOffset()) + len(":")
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return 0, 0, false, err
		}
		if key == name {
			return from, from + len(value), true, nil
		}
	}
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, false, err
	}
	return 0, 0, false, nil
}
