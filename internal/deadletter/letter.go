package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Letter is something that could not be used.
type Letter struct {
	// Time is when it was set aside; the time of writing if zero.
	Time time.Time
	// Output is the name of the output that refused an event, or of the sink that refused an alert, ID the event's or the
	// alert's id.
	Output, ID string
	// Source is the name of the input that an event came from, Peer who sent it.
	Source, Peer string
	// Reason says what was wrong.
	Reason string
	// Document is what could not be used, as it came, or its beginning. Write does not keep it.
	Document []byte
	// Length is the length of the whole in bytes, if Document is only its beginning.
	Length int64
	// Event is what else an output was given, nil unless an output refused an event.
	Event *Event
}

// Event is what an output is given of an event beside its document.
type Event struct {
	// Time is its @timestamp in nanoseconds since 1970, 0 where it was not looked at.
	Time int64
	// Texts are what was made of it, such as the index or topic, in the output's order.
	Texts [][]byte
	// TextsTruncated says that the texts were too long to be kept.
	TextsTruncated bool
	// AsItCame says that the document is the event as it came, not what Logstash would have made of it.
	AsItCame bool
}

// Kind says what a letter is about.
type Kind string

// The kinds of letters.
const (
	// KindInput is an event that could not be taken.
	KindInput Kind = "input"
	// KindEvent is an event that an output refused for good.
	KindEvent Kind = "event"
	// KindAlert is an alert that a sink refused for good.
	KindAlert Kind = "alert"
)

// Kind returns what the letter is about.
func (l *Letter) Kind() Kind {
	switch {
	case l.Event != nil:
		return KindEvent
	case l.Output != "":
		return KindAlert
	}
	return KindInput
}

// Whole tells whether the letter holds all that was set aside.
func (l *Letter) Whole() bool {
	return l.Length <= int64(len(l.Document)) && (l.Event == nil || !l.Event.TextsTruncated)
}

// longestText bounds each of the short members of a letter, in bytes.
const longestText = 4096

// line is a letter's form on disk. See the package comment.
type line struct {
	Time      time.Time       `json:"time"`
	Output    string          `json:"output,omitempty"`
	Source    string          `json:"source,omitempty"`
	Peer      string          `json:"peer,omitempty"`
	ID        string          `json:"id,omitempty"`
	Reason    string          `json:"reason"`
	Event     *eventLine      `json:"event,omitempty"`
	Document  json.RawMessage `json:"document,omitempty"`
	Text      string          `json:"text,omitempty"`
	Base64    []byte          `json:"base64,omitempty"`
	Truncated bool            `json:"truncated,omitempty"`
	Length    int64           `json:"length,omitempty"`
}

// eventLine is an event's form on disk.
type eventLine struct {
	Time           *time.Time `json:"time,omitempty"`
	Texts          []text     `json:"texts,omitempty"`
	TextsTruncated bool       `json:"texts_truncated,omitempty"`
	AsItCame       bool       `json:"as_it_came,omitempty"`
}

// line returns the event's form on disk, without the texts where they are longer than limit bytes together.
func (e *Event) line(limit int64) *eventLine {
	encoded := &eventLine{AsItCame: e.AsItCame, TextsTruncated: e.TextsTruncated}
	if e.Time != 0 {
		at := time.Unix(0, e.Time).UTC()
		encoded.Time = &at
	}
	var length int64
	for _, t := range e.Texts {
		length += int64(len(t))
		encoded.Texts = append(encoded.Texts, t)
	}
	if length > limit {
		encoded.Texts, encoded.TextsTruncated = nil, true
	}
	return encoded
}

func (e *eventLine) event() *Event {
	decoded := &Event{AsItCame: e.AsItCame, TextsTruncated: e.TextsTruncated}
	if e.Time != nil {
		decoded.Time = e.Time.UnixNano()
	}
	for _, t := range e.Texts {
		decoded.Texts = append(decoded.Texts, t)
	}
	return decoded
}

// text is bytes that mostly are valid UTF-8, and then a string in JSON.
type text []byte

type base64Text struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.Valid(t) {
		var plain bytes.Buffer
		encoder := json.NewEncoder(&plain)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(string(t))
		return plain.Bytes(), err
	}
	return json.Marshal(base64Text{t})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(encoded []byte) error {
	var inside base64Text
	if len(encoded) > 0 && encoded[0] == '{' {
		err := json.Unmarshal(encoded, &inside)
		*t = inside.Base64
		return err
	}
	var plain string
	err := json.Unmarshal(encoded, &plain)
	*t = text(plain)
	return err
}

// errNoLetter says that a line is JSON, but nothing that was written here.
var errNoLetter = errors.New("it has no time and no reason")

// parseLetter reads a line. The letter has memory of its own.
func parseLetter(encoded []byte) (Letter, error) {
	var l line
	if err := json.Unmarshal(encoded, &l); err != nil {
		return Letter{}, err
	}
	if l.Time.IsZero() && l.Reason == "" {
		return Letter{}, errNoLetter
	}
	letter := Letter{
		Time: l.Time, Output: l.Output, ID: l.ID, Source: l.Source, Peer: l.Peer, Reason: l.Reason, Length: l.Length,
	}
	switch {
	case l.Document != nil:
		letter.Document = l.Document
	case l.Text != "":
		letter.Document = []byte(l.Text)
	default:
		letter.Document = l.Base64
	}
	if l.Truncated {
		letter.Length = max(l.Length, int64(len(letter.Document))+1)
	}
	if l.Event != nil {
		letter.Event = l.Event.event()
	}
	return letter, nil
}

// encode returns the letter as a line with its newline, with at most limit bytes of its document.
func (l Letter) encode(now time.Time, limit int64) ([]byte, error) {
	encoded := line{
		Time: now.UTC(), Output: short(l.Output), Source: short(l.Source), Peer: short(l.Peer), ID: short(l.ID),
		Reason: short(l.Reason),
	}
	if !l.Time.IsZero() {
		encoded.Time = l.Time.UTC()
	}
	if l.Event != nil {
		encoded.Event = l.Event.line(limit)
	}
	document, whole := l.Document, max(l.Length, int64(len(l.Document)))
	if int64(len(document)) > limit {
		document = document[:limit]
	}
	if int64(len(document)) < whole {
		encoded.Truncated, encoded.Length = true, whole
	}
	encoded.hold(document)
	return encoded.bytes()
}

func (l *line) bytes() ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(l); err != nil {
		return nil, fmt.Errorf("encode a dead letter: %w", err)
	}
	return buffer.Bytes(), nil
}

// hold puts the document into the member that can hold it unchanged.
func (l *line) hold(document []byte) {
	switch {
	case len(document) == 0:
	case !utf8.Valid(document):
		l.Base64 = document
	case json.Valid(document):
		l.Document = document
	case mostlyText(document):
		l.Text = string(document)
	default:
		l.Base64 = document
	}
}

// mostlyText tells whether few characters of the document have to be escaped, so that its length stays about the same.
// Text with many control characters would grow sixfold.
func mostlyText(document []byte) bool {
	control := 0
	for _, b := range document {
		if b < ' ' && b != '\n' && b != '\t' && b != '\r' {
			control++
		}
	}
	return control <= len(document)/16
}

func short(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), longestText)], "\uFFFD")
}
