package deadletter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Letter is something that could not be used.
type Letter struct {
	// Time is when it was set aside; the time of writing if zero.
	Time time.Time
	// Output is the name of the sink that refused an alert, ID the alert's id.
	Output, ID string
	// Source is the name of the input that an event came from, Peer who sent it.
	Source, Peer string
	// Reason says what was wrong.
	Reason string
	// Document is what could not be used, as it came, or its beginning. Write does not keep it.
	Document []byte
	// Length is the length of the whole in bytes, if Document is only its beginning.
	Length int64
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
	Document  json.RawMessage `json:"document,omitempty"`
	Text      string          `json:"text,omitempty"`
	Base64    []byte          `json:"base64,omitempty"`
	Truncated bool            `json:"truncated,omitempty"`
	Length    int64           `json:"length,omitempty"`
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
