package outputs

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/logboom/logboom/outputs/logstash"
)

// DeadLetter is an event that a receiver refused for good, with all that it takes to write the very same event again.
type DeadLetter struct {
	// Output is the output's name, Reason what the receiver said.
	Output string
	Reason string
	// ID is the event's. Body and Texts are what was to be written, Texts in the order of Event.Texts and as many as the
	// output has made. They are valid until the call returns.
	ID    string
	Body  []byte
	Texts [][]byte
	// Time is the event's @timestamp as written, in nanoseconds since 1970; 0 where it is AsItCame.
	Time int64
	// AsItCame says that Body is the document as it came: Options.AsTheyCame.
	AsItCame bool
}

// deadLetter returns the letter of a refusal, which refers to the event's memory.
func (d *Delivery) deadLetter(r refusal) DeadLetter {
	id, _ := r.event.ID.AppendText(nil) // never fails
	letter := DeadLetter{
		Output: d.name, Reason: r.reason.Error(), ID: string(id), Body: r.event.Body, Time: r.event.Time,
		AsItCame: d.options.AsTheyCame,
	}
	if count := d.encoder.texts; count > 0 {
		letter.Texts = slices.Clone(r.event.Texts[:count])
	}
	return letter
}

// Event returns the event as the output was given it, but for its Origin, which says only when it arrived, in nanoseconds
// since 1970. It refers to the letter's memory. It fails where the letter is none of an event.
func (l *DeadLetter) Event(arrival int64) (Event, error) {
	event := Event{Body: l.Body, Time: l.Time, Origin: &logstash.Origin{Arrival: arrival}}
	if len(l.Texts) > MaxTexts {
		return Event{}, fmt.Errorf("it has %d texts, more than %d", len(l.Texts), MaxTexts)
	}
	copy(event.Texts[:], l.Texts)
	return event, event.ID.UnmarshalText([]byte(l.ID))
}

// UnmarshalText reads what AppendText appended, as far as that says what the ID was: the same text comes of it again. It
// fails for any other text.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != idLength {
		return fmt.Errorf("%q is no id of an event: it has not %d characters", text, idLength)
	}
	get := func(at, characters int) (value uint64) {
		for _, character := range text[at : at+characters] {
			value = value<<6 | uint64(max(0, bytes.IndexByte([]byte(idAlphabet), character)))
		}
		return value
	}
	read := ID{Record: get(0, 8), Index: uint32(get(8, 5)), Journal: get(13, 7)}
	if again, _ := read.AppendText(nil); !bytes.Equal(again, text) {
		return fmt.Errorf("%q is no id of an event", text)
	}
	*id = read
	return nil
}

// idAlphabet is that of AppendText.
const idAlphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
