package elastic

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAnswersAreReadToTheirLimit(t *testing.T) {
	buffer := make([]byte, 0, 4096)
	for _, length := range []int{0, 1, 511, 4095, 4096, 4097, 10_000} {
		for _, limit := range []int{length - 1, length, length + 1} {
			if limit < 0 {
				continue
			}
			body := strings.Repeat("x", length)
			got, err := read(&http.Response{Body: io.NopCloser(strings.NewReader(body))}, int64(limit), buffer)
			if limit < length {
				if !errors.Is(err, ErrLongAnswer) {
					t.Errorf("%d bytes with a limit of %d: %v", length, limit, err)
				}
				continue
			}
			if err != nil || string(got.Body) != body {
				t.Errorf("%d bytes with a limit of %d: %d bytes, %v", length, limit, len(got.Body), err)
			}
			if length > 0 && length < 3000 && &got.Body[0] != &buffer[:1][0] {
				t.Errorf("%d bytes were not read into the buffer", length)
			}
		}
	}
}

func TestItemsThatSayTheSame(t *testing.T) {
	because := func(reason string) *Error {
		e := &Error{Type: "t", Reason: "r"}
		e.CausedBy = &struct {
			Reason string `json:"reason"`
		}{reason}
		return e
	}
	items := []Item{
		{Status: 201},
		{Status: 400},
		{Status: 400, Error: &Error{Type: "t", Reason: "r"}},
		{Status: 400, Error: &Error{Type: "u", Reason: "r"}},
		{Status: 400, Error: &Error{Type: "t", Reason: "s"}},
		{Status: 400, Error: because("a")},
		{Status: 400, Error: because("b")},
	}
	for i := range items {
		for j := range items {
			other := items[j]
			if other.Error != nil {
				clone := *other.Error
				other.Error = &clone
			}
			if items[i].Equal(&other) != (i == j) {
				t.Errorf("%v and %v", items[i].Failure(), items[j].Failure())
			}
		}
	}
}

func TestConnectionShowsNoSecret(t *testing.T) {
	c := Connection{Hosts: []string{"http://u:hidden@h:9200", "%"}, Username: "u", Password: "hidden", APIKey: "i:hidden"}
	if text := c.String() + c.GoString(); strings.Contains(text, "hidden") || !strings.Contains(text, "http://h:9200") {
		t.Error(text)
	}
	if mistakes := c.Mistakes(); len(mistakes) != 2 || strings.Contains(errors.Join(mistakes...).Error(), "hidden") {
		t.Error(mistakes)
	}
	if text := c.Secrets().Redact("hidden i:hidden aTpoaWRkZW4= dTpoaWRkZW4="); strings.ContainsAny(text, "hT") {
		t.Error(text)
	}
}
