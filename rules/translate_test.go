package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/logboom/logboom/event"
)

// whereOf returns an evaluator with one condition, ready to take events; false where expr does not compile it.
func whereOf(t testing.TB, where string) (*Batch, *condition, bool) {
	t.Helper()
	set, err := Compile([]Rule{{Name: "where", Where: where, Window: time.Second, Threshold: 1}})
	if err != nil || len(set.conditions) == 0 {
		return nil, nil, false
	}
	return set.NewBatch(), set.conditions[0], true
}

// bothVerdicts returns what the predicates and what expr's machine say of a document.
func bothVerdicts(t testing.TB, batch *Batch, c *condition, document string) (ours, exprs verdict) {
	t.Helper()
	batch.Reset(0)
	if _, err := batch.Add([]byte(document)); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return verdictsOf(batch, c)
}

// verdictsOf returns both verdicts of the last event of the batch, which is at hand then.
func verdictsOf(batch *Batch, c *condition) (ours, exprs verdict) {
	batch.Finish()
	last := batch.count - 1
	batch.at(last)
	return batch.verdicts[0].of(last), batch.run(c)
}

// of returns the verdict of one event.
func (v verdicts) of(row int) verdict {
	for result, of := range map[verdict]rows{matches: v.matches, fails: v.fails, undecided: v.undecided} {
		if of.has(row) {
			return result
		}
	}
	return differs
}

// drawCondition writes conditions of all that is translated, right and wrong typed, and of some that is not.
func drawCondition(t *rapid.T, depth int) string {
	value := func() string { return drawValue(t, depth) }
	if depth == 0 {
		return rapid.SampledFrom([]string{"a", "b == nil", "true", "s contains \"P\"", "n >= 5", "a.b"}).Draw(t, "leaf")
	}
	inner := func() string { return drawCondition(t, depth-1) }
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 0:
		return "not (" + inner() + ")"
	case 1:
		return "(" + inner() + rapid.SampledFrom([]string{" and ", " && "}).Draw(t, "and") + inner() + ")"
	case 2:
		return "(" + inner() + rapid.SampledFrom([]string{" or ", " || "}).Draw(t, "or") + inner() + ")"
	case 3, 4, 5:
		return value() + rapid.SampledFrom([]string{" == ", " != "}).Draw(t, "equal") + value()
	case 6, 7:
		return value() + rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= "}).Draw(t, "order") + value()
	case 8, 9:
		return value() + rapid.SampledFrom([]string{" contains ", " startsWith ", " endsWith "}).Draw(t, "text") + value()
	case 10:
		return value() + " matches " + rapid.SampledFrom([]string{
			`"^P"`, `"(?i)post"`, `"O(S|T)+T"`, `"a.c"`, `""`, `"x{2,}y"`, `"[ä]+"`, `"(?s)^.*\\n"`, `"P.*T$"`, `"a|b"`,
		}).Draw(t, "pattern")
	case 11, 12:
		return value() + " in " + rapid.SampledFrom([]string{
			`["POST", "a"]`, `["", "é"]`, `[1, 2.5, "a"]`, `[1, 1000, 9007199254740993]`, `[true, "a"]`, `[-1]`, `[]`, `l`, `s`,
			`[nil, 1]`, `1..3`, `["a" + "b"]`,
		}).Draw(t, "list")
	default:
		return value()
	}
}

func drawValue(t *rapid.T, depth int) string {
	switch kind := rapid.IntRange(0, 22).Draw(t, "value"); {
	case kind < 6 && depth > 0:
		return []string{
			"(" + drawValue(t, depth-1) + " ?? " + drawValue(t, depth-1) + ")", "(" + drawCondition(t, depth-1) + ")",
			"len(" + drawValue(t, depth-1) + ")", "lower(" + drawValue(t, depth-1) + ")",
			"-" + drawValue(t, depth-1), "(" + drawValue(t, depth-1) + " + 1)",
		}[kind]
	case kind < 14:
		return rapid.SampledFrom([]string{"a", "b", "s", "n", "l", "a.b", `field("x-y")`, `a["b"]`, "a?.b", "l[0]"}).Draw(t, "field")
	default:
		return rapid.SampledFrom([]string{
			"nil", "true", "false", "1", "1.0", "-1", "0", "5", "1e3", "1000", "9007199254740992", "9007199254740993",
			"9223372036854775807", "0.1", `"P"`, `"POST"`, `""`, `"a"`, `"é"`, `"\""`, `"\n"`, `"ab\\c"`, `"\ufffd"`, `"5"`,
		}).Draw(t, "literal")
	}
}

// jsonValues are values as documents may write them.
var jsonValues = []string{
	`null`, `true`, `false`, `0`, `-0`, `0.0`, `1`, `1.0`, `10e-1`, `-1`, `5`, `1000`, `1e3`, `0.1`, `1e-1`, `9007199254740992`,
	`9007199254740993`, `9007199254740993.0`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `1e999`, `-1e999`,
	`""`, `"a"`, `"A"`, `"P"`, `"POST"`, `"POST\n"`, `"\u0050OST"`, `"\"POST\""`, `"abc"`, `"ab\\c"`, `"ab\/c"`, `"é"`, `"É"`, `"\u00e9"`,
	"\"\xff\"", "\"a\xffc\\n\"", `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`, `"xxy"`, `"5"`, `"1000"`,
	`[]`, `{}`, `["a"]`, "[\"\xff\"]", `["POST",1,null]`, `[1,[2]]`, `{"b":1}`, `{"b":"POST"}`, `{"b":null}`, `{"c":{}}`,
}

func drawDocument(t *rapid.T) string {
	var members []string
	for _, name := range []string{"a", "b", "s", "n", "l", "x-y", "a.b"} {
		if rapid.IntRange(0, 5).Draw(t, "has "+name) > 0 {
			members = append(members, strconv.Quote(name)+":"+rapid.SampledFrom(jsonValues).Draw(t, name))
		}
	}
	return padded(rapid.Bool().Draw(t, "padded"), "{"+strings.Join(members, ",")+"}")
}

// padded makes a document long if asked to: the scan of the event package reads long ones in another way, and says more of their
// strings.
func padded(long bool, document string) string {
	if !long {
		return document
	}
	return strings.Repeat(" ", 64) + document
}

// TestPredicatesEqualExpr is what allows predicates to stand for expr: they say the same of any event.
func TestPredicatesEqualExpr(t *testing.T) {
	var drawn, compiled, translated, judged, decided int
	rapid.Check(t, func(r *rapid.T) {
		where := drawCondition(r, rapid.IntRange(0, 4).Draw(r, "depth"))
		drawn++
		batch, c, ok := whereOf(t, where)
		if !ok {
			return
		}
		compiled++
		if c.predicate == nil {
			return
		}
		translated++
		documents := make([]string, rapid.IntRange(1, 20).Draw(r, "documents"))
		for i := range documents {
			documents[i] = drawDocument(r)
		}
		judged += len(documents)
		decided += sameAsExpr(r, batch, c, where, documents)
	})
	t.Logf("%d conditions, %d compiled, %d translated, %d of their %d events decided without expr", drawn, compiled, translated, decided, judged)
	if translated < compiled/2 || decided < judged*3/4 {
		t.Error("too few conditions were put to the test")
	}
}

// sameAsExpr has events judged together, some of them a little later, and each by itself, and compares. It returns how many
// were decided without expr.
func sameAsExpr(r *rapid.T, batch *Batch, c *condition, where string, documents []string) (decided int) {
	batch.Reset(0)
	together := make([]verdict, len(documents))
	for from, to := 0, 0; to < len(documents); from = to {
		to = rapid.IntRange(from+1, len(documents)).Draw(r, "judged at once")
		for _, document := range documents[from:to] {
			if _, err := batch.Add([]byte(document)); err != nil {
				r.Fatalf("%s: %v", document, err)
			}
		}
		batch.Finish()
		for row := from; row < to; row++ {
			together[row] = batch.verdicts[0].of(row)
		}
	}
	for row, document := range documents {
		batch.at(row)
		if exprs := batch.run(c); together[row] != exprs {
			r.Fatalf("%s of %s, judged with %d others: %d, expr says %d", where, document, len(documents)-1, together[row], exprs)
		}
		alone := c.predicate.test(&batch.evaluator)
		if alone != undecided {
			decided++
			if (alone == matches) != (together[row] == matches) {
				r.Fatalf("%s of %s: %d by itself, %d with others", where, document, alone, together[row])
			}
		}
	}
	return decided
}

// TestUsualConditionsNeedNoMachine names what must not fall back to expr's machine, which takes ten times as long.
func TestUsualConditionsNeedNoMachine(t *testing.T) {
	document := `{"message":"GET / \"x\"","http":{"response":{"status_code":404}},"tags":["a"],"a-b":1,"on":true,"host":{"name":"web1"}}`
	for _, where := range []string{
		`message contains "POST"`, `http.response.status_code >= 500`, `http["response"].status_code == 404`,
		`field("a-b") == 1 && not (message startsWith "x")`, `message endsWith "y" or on`, `user.name == nil`,
		`(user.name ?? "nobody") == "nobody"`, `http?.response?.status_code in [500, 502.5]`, `host.name in ["web1", "web2"]`,
		`message matches "^GET .* 5\\d\\d"`, `len(message) > 100`, `lower(message) contains "error"`, `!on`, `true`,
		`on != false`, `level not in ["debug", "info"]`, `(message contains "a") == on`, `http.response.status_code < 1e3`,
		`message contains host.name`, `host.name in tags`, `tags == nil`, `message | lower() contains "x"`,
	} {
		batch, c, ok := whereOf(t, where)
		if !ok || c.predicate == nil {
			t.Errorf("%s is left to expr", where)
			continue
		}
		if ours, exprs := bothVerdicts(t, batch, c, document); ours != exprs {
			t.Errorf("%s: %d, expr says %d", where, ours, exprs)
		}
		if c.predicate.test(&batch.evaluator) == undecided {
			t.Errorf("%s is left to expr for %s", where, document)
		}
		if allocations := testing.AllocsPerRun(100, func() { batch.judgement++; batch.evaluate(c, 1) }); allocations != 0 && !raceDetector {
			t.Errorf("%s: %v allocations an event", where, allocations)
		}
	}
}

// FuzzPredicate is TestPredicatesEqualExpr for what nobody thought of.
func FuzzPredicate(f *testing.F) {
	for _, where := range []string{
		`message contains "POST"`, `a.b >= 500 and not (l in ["a"])`, `field("x-y") != nil`, `(s ?? n) == 1.0`, `len(s) == 3`,
		`s matches "a+b"`, `lower(s) in ["a", "b"]`, `a or b`, `(a or b) == s`, `l == l`, `n in [1, 2]`, `s < "x"`,
	} {
		f.Add(where, `{"message":"POST /","a":{"b":[1,2]},"l":["a"],"s":"\u00e9\n","n":1e3,"x-y":null}`)
	}
	f.Fuzz(func(t *testing.T, where, document string) {
		if len(where) > 200 || strings.Contains(where, "..") {
			t.Skip("expr bounds ranges by itself, but a long one takes its time")
		}
		batch, c, ok := whereOf(t, where)
		if !ok || c.predicate == nil {
			return
		}
		batch.Reset(0)
		if _, err := batch.Add([]byte(document)); err != nil {
			return
		}
		if ours, exprs := verdictsOf(batch, c); ours != exprs {
			t.Fatalf("%s of %s: %d, expr says %d", where, document, ours, exprs)
		}
	})
}

// FuzzUnescape compares with the event package, which knows JSON's strings.
func FuzzUnescape(f *testing.F) {
	for _, value := range jsonValues {
		f.Add(value)
	}
	f.Add(`"10.0.0.1 - \"GET /a?b=\u003c1\u003e HTTP/1.1\" 200 \"-\" \"x\ty\""`)
	f.Fuzz(func(t *testing.T, raw string) {
		value, ok, err := event.Lookup(fmt.Appendf(nil, `{"v":%s}`, raw), "v")
		if err != nil || !ok || value.Kind() != event.String {
			return
		}
		inside := value.Raw()[1 : len(value.Raw())-1]
		if got, want := string(appendUnescaped(nil, inside)), value.Text(); got != want {
			t.Fatalf("%q says %q, want %q", inside, got, want)
		}
	})
}

// TestRequiredParts holds a regular expression's required parts against what it matches.
func TestRequiredParts(t *testing.T) {
	for expression, want := range map[string]string{
		`POST`: "POST", `^GET .* HTTP/1\.1" 5\d\d`: `GET | HTTP/1.1" 5`, `(?i)error`: "", `a|b`: "", `(abc)+d`: "abc|d", `x*yz?`: "y",
		`(`: "", ``: "", `(?:ab){2}`: "ab|ab", `a{0,3}`: "", `[a]b`: "ab",
	} {
		var got []string
		for _, part := range requiredParts(expression) {
			got = append(got, string(part.text))
		}
		if got := strings.Join(got, "|"); got != want {
			t.Errorf("%s requires %q, want %q", expression, got, want)
		}
	}
}

// TestPatternEqualsRegexp looks for expressions for which the required parts say no where there is a match.
func TestPatternEqualsRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expression := rapid.StringMatching(`([ab.]|a\+|\(b\)\+|\(ab\|b\)|\[ab\]|a\{2\}|b\?|\(\?i:b\)){1,6}`).Draw(t, "expression")
		text := rapid.StringMatching(`[abB]{0,12}`).Draw(t, "text")
		compiled, err := regexp.Compile(expression)
		if err != nil {
			t.Skip()
		}
		if compiled.MatchString(text) && !findAll(requiredParts(expression), []byte(text)) {
			t.Fatalf("%s matches %s but parts of it are missing", expression, text)
		}
	})
}

func TestFinderEqualsIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part, in := rapid.StringMatching(`[aeQ]{0,5}`).Draw(t, "part"), rapid.StringMatching(`[aeQ]{0,60}(ae){0,20}[Qä]{0,20}`).Draw(t, "in")
		f := newFinder(part)
		if got, want := f.index([]byte(in)), strings.Index(in, part); got != want {
			t.Fatalf("%q in %q at %d, want %d", part, in, got, want)
		}
	})
}

// TestComparisonsEqualExpr puts every value beside every literal that TestPredicatesEqualExpr only draws.
func TestComparisonsEqualExpr(t *testing.T) {
	literals := []string{
		"true", "0", "1.0", "-1", "1e3", "9007199254740992", "9007199254740993", "9223372036854775807", "0.1", `"P"`, `""`, `"é"`,
		`"\ufffd"`, "s",
	}
	operators := []string{
		"n == %s", "n != %s", "n < %s", "n <= %s", "%s > n", "%s >= n", "n in [%s, 7]", "n in [%s]", "(b == nil and n) == %s",
		"(b != nil or n) == %s", "(n == 1) == %s", "(n ?? 1) == %s", "%s in n", "n contains %s", "lower(n) == %s", "len(n) == %s",
	}
	for _, literal := range literals {
		for _, operator := range operators {
			where := fmt.Sprintf(operator, literal)
			batch, c, ok := whereOf(t, where)
			if !ok || c.predicate == nil {
				continue
			}
			for _, value := range jsonValues {
				document := `{"n":` + value + `,"s":"\ud83d"}`
				if ours, exprs := bothVerdicts(t, batch, c, document); ours != exprs {
					t.Errorf("%s of %s: %d, expr says %d", where, document, ours, exprs)
				}
			}
		}
	}
}

func TestAFieldIsDecodedOnce(t *testing.T) {
	var list []Rule
	for i, where := range []string{`message contains "x"`, `message endsWith "y"`, `message == "z"`} {
		list = append(list, Rule{Name: fmt.Sprint(i), Where: where, GroupBy: []string{"message"}, Window: time.Second, Threshold: 1})
	}
	set, err := Compile(append(list, Rule{Name: "again", Where: list[0].Where, Window: time.Second, Threshold: 2}))
	if err != nil {
		t.Fatal(err)
	}
	batch := set.NewBatch()
	batch.Reset(0)
	for range 2 {
		if _, err := batch.Add([]byte(`{"message":"\"xy\""}`)); err != nil {
			t.Fatal(err)
		}
	}
	batch.Finish()
	if string(batch.text) != `"xy""xy"` {
		t.Errorf("decoded %q, want each message once", batch.text)
	}
	if len(set.conditions) != 3 || len(set.groupings) != 1 {
		t.Errorf("%d conditions, %d groupings; want 3 and 1, each once", len(set.conditions), len(set.groupings))
	}
}

// TestFinderLooksAtEveryPlace has the rarest byte so often in vain that pairs are looked for, and moves the text along.
func TestFinderLooksAtEveryPlace(t *testing.T) {
	for _, part := range []string{"Qe", "eQ", "aQea", "QQ"} {
		f := newFinder(part)
		for before := range 40 {
			for behind := range 12 {
				in := "Q.Q." + strings.Repeat("Q.", before/2) + strings.Repeat(".", before%2) + part + strings.Repeat(".", behind)
				if got, want := f.index([]byte(in)), strings.Index(in, part); got != want {
					t.Fatalf("%q in %q at %d, want %d", part, in, got, want)
				}
			}
		}
	}
}
