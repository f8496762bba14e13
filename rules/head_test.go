package rules

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/event"
)

// TestWholeNumbersAreThoseOfTheScan compares with the event package, for numbers of all lengths and forms.
func TestWholeNumbersAreThoseOfTheScan(t *testing.T) {
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.StringMatching(`[1-9][0-9]{0,18}`), rapid.StringMatching(`-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?(e[0-9])?`),
		).Draw(t, "number")
		value, _, err := event.Lookup([]byte(`{"n":`+number+`}`), "n")
		if err != nil {
			t.Fatalf("%s: %v", number, err)
		}
		got, ok := wholeNumber([]byte(number))
		if !ok {
			return
		}
		quick++
		if want, whole := value.Int(); !whole || got != want {
			t.Fatalf("%s is read as %d, want %d, whole %v", number, got, want, whole)
		}
	})
	if quick == 0 {
		t.Error("no number was read")
	}
	for length := 1; length <= 2*headSize; length++ {
		nines := strings.Repeat("9", length)
		if got, ok := wholeNumber([]byte(nines)); !ok || strconv.FormatInt(got, 10) != nines {
			t.Errorf("%s is read as %d, %v", nines, got, ok)
		}
	}
}

// TestHeadsSayHowTextsBegin compares texts by their heads as strings are compared in a block.
func TestHeadsSayHowTextsBegin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringMatching(`[ab"\\]{0,12}`).Draw(t, "text"))
		begin := []byte(rapid.StringMatching(`[ab"\\]{0,8}`).Draw(t, "begin"))
		constant := newHead(begin)
		if got, want := (headOf(text)^constant.word)&constant.mask == 0, bytes.HasPrefix(text, begin); got != want {
			t.Fatalf("%q begins with %q: %v, want %v", text, begin, got, want)
		}
	})
}
