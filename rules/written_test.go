package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/event"
)

// writings are pieces of the insides of JSON strings: of one character in all its spellings, of escapes that end like another
// character begins, of what is not UTF-8, and of halves of surrogate pairs.
var writings = []string{
	`a`, `n`, `u`, `t`, `\"`, `\\`, `/`, `\/`, `\n`, `\t`, `\b`, `\u0022`, `\u005c`, `\u005C`, `\u002f`, `\u0061`, `\u000a`, `\u0001`, `\ud83d`,
	`\ud83d\ude00`, `\ude00`, "é", "\xff", "\xc3", "\u2028", " ", "0022",
}

// TestWrittenFormsAreFound compares looking for a text in a string as it is written with looking for it in what the string
// says.
func TestWrittenFormsAreFound(t *testing.T) {
	raw, unescaped := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		inside := strings.Join(rapid.SliceOfN(rapid.SampledFrom(writings), 0, 12).Draw(t, "inside"), "")
		value, _, err := event.Lookup([]byte(`{"v":"`+inside+`"}`), "v")
		if err != nil {
			t.Fatalf("%q: %v", inside, err)
		}
		says := value.Text()
		text := rapid.OneOf(
			rapid.SampledFrom([]string{`"`, `\`, `/`, "\n", "n", "u0022", `\"`, `\n`, "a", "", "t", `\\`, "é", "\x01"}),
			rapid.StringMatching(`[an"\\/\n\tu]{0,4}`),
		).Draw(t, "text")
		form := newWritten(text)
		if !form.known || !hasCanonicalEscapes([]byte(inside)) {
			unescaped++
			return
		}
		raw++
		if got, want := form.isIn([]byte(inside)), strings.Contains(says, text); got != want {
			t.Fatalf("%q in %q, written %q: %v, want %v", text, says, inside, got, want)
		}
	})
	if raw < unescaped/10 {
		t.Errorf("%d looked for as written, %d not", raw, unescaped)
	}
}

// TestWrittenFormsInRules puts such strings to rules, those with other escapes and without ASCII too.
func TestWrittenFormsInRules(t *testing.T) {
	texts := []string{
		`"`, `\`, `/`, "\n", "n", "u0022", `\"`, "a", "", "é", "\x01", "\uFFFD", "x \"a", "aaa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa", `aaa"aaa`,
	}
	var wheres []string
	for _, text := range texts {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, operator := range []string{"contains", "startsWith", "endsWith", "==", "!="} {
			wheres = append(wheres, fmt.Sprintf("v %s %s", operator, quoted))
		}
	}
	others := []string{`v matches "a.*n"`, `v matches "\"a"`, `v matches "n.?n"`, `v in ["a", "\"", "a/"]`, `v not in ["\\", ""]`}
	rapid.Check(t, func(r *rapid.T) {
		where := rapid.OneOf(rapid.SampledFrom(wheres), rapid.SampledFrom(others)).Draw(r, "where")
		batch, c, ok := whereOf(t, where)
		if !ok || c.predicate == nil {
			t.Fatalf("%s is left to expr", where)
		}
		documents := make([]string, rapid.IntRange(1, 8).Draw(r, "documents"))
		for i := range documents {
			inside := strings.Join(rapid.SliceOfN(rapid.SampledFrom(writings), 0, 6).Draw(r, "inside"), "")
			documents[i] = padded(rapid.Bool().Draw(r, "padded"), `{"v":"`+inside+`"}`)
		}
		sameAsExpr(r, batch, c, where, documents)
	})
}

// TestTextsAroundTheLengthOfAHead compares texts that differ at each of their places, and where an escape is the end, in all ways in
// which a string is compared with a constant.
func TestTextsAroundTheLengthOfAHead(t *testing.T) {
	for length := 1; length <= headSize+3; length++ {
		text := strings.Repeat("ab", length)[:length-1] + "n"
		insides := []string{text, text + "a", text[:length-1], "a" + text, text[:length-1] + `\n`, text + `\n`, text + `\"`, `\\` + text, ""}
		for i := range length {
			insides = append(insides, text[:i]+"x"+text[i+1:])
		}
		for _, where := range []string{"v == %q", "v startsWith %q", "v endsWith %q", "v contains %q", "v in [%q]", "v in ['x', %q]"} {
			where = fmt.Sprintf(where, text)
			batch, c, ok := whereOf(t, where)
			if !ok || c.predicate == nil {
				t.Fatalf("%s is left to expr", where)
			}
			for _, inside := range insides {
				for _, long := range []bool{false, true} {
					document := padded(long, `{"v":"`+inside+`"}`)
					if ours, exprs := bothVerdicts(t, batch, c, document); ours != exprs {
						t.Errorf("%s of %s: %d, expr says %d", where, document, ours, exprs)
					}
				}
			}
		}
	}
}
