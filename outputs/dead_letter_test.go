package outputs

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/logboom/logboom/outputs/logstash"
)

// TestALetterIsTheVerySameEvent: of a letter comes what the output was given when it refused.
func TestALetterIsTheVerySameEvent(t *testing.T) {
	h := newHouse(t)
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	templates, err := logstash.NewTemplates(encoder, "logs-%{+yyyy}", "%{[number]}")
	if err != nil {
		t.Fatal(err)
	}
	var refused []Event
	r := &receiver{t: t, script: func(event Event) error {
		event.Body, event.Origin = bytes.Clone(event.Body), &logstash.Origin{Arrival: 7}
		for i, text := range event.Texts {
			event.Texts[i] = bytes.Clone(text)
		}
		refused = append(refused, event)
		return &Permanent{Err: errors.New("never")}
	}}
	var again []Event
	d, stop := h.deliver(r, Options{Encoder: encoder, Texts: templates, DeadLetters: func(_ context.Context, list []DeadLetter) error {
		for _, letter := range list {
			letter.Body = bytes.Clone(letter.Body)
			for i, text := range letter.Texts {
				letter.Texts[i] = bytes.Clone(text)
			}
			event, err := letter.Event(7)
			if err != nil || len(letter.Texts) != 2 || letter.AsItCame {
				t.Errorf("%+v became %v", letter, err)
			}
			again = append(again, event)
		}
		return nil
	}})
	h.send(3, 10, true)
	eventually(t, "the letters", func() bool { return d.Stats().DeadLetters == 3 })
	stop()
	if len(refused) != 3 || string(refused[2].Texts[0]) != "logs-2026" || string(refused[2].Texts[1]) != "2" {
		t.Fatalf("refused were %+v", refused)
	}
	for i := range refused {
		refused[i].ID.Journal &= 1<<42 - 1 // that much of it is in an id
		if !reflect.DeepEqual(refused[i], again[i]) {
			t.Errorf("%+v\ncame back as\n%+v", refused[i], again[i])
		}
	}
}

// FuzzIDText: a text is an id's, and comes of it again, or none.
func FuzzIDText(f *testing.F) {
	text, _ := ID{Journal: 1 << 41, Record: 12345, Index: 67}.AppendText(nil)
	f.Add(text)
	f.Add([]byte("--------------------"))
	f.Add([]byte("zzzzzzzzzzzzzzzzzzzz"))
	f.Add([]byte("---------z+---------"))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var id ID
		if err := id.UnmarshalText(text); err != nil {
			if id != (ID{}) {
				t.Errorf("%q is none, and yet %+v", text, id)
			}
			return
		}
		if again, _ := id.AppendText(nil); !slices.Equal(again, text) {
			t.Errorf("%q became %q", text, again)
		}
	})
}
