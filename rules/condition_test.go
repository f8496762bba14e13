package rules

import (
	"strings"
	"testing"
	"time"
)

// FuzzCondition compiles whatever a person may write and runs it: neither may panic, and a condition that compiles must
// give an answer for any event.
func FuzzCondition(f *testing.F) {
	for _, where := range []string{
		`message contains "POST"`, `http?.response["status"] >= 500 and not (tags[0] in ["a"])`, `field("@timestamp") != nil`,
		`any(items, .id == 7 || # == a.b)`, `let x = a.b.c; x ?? y`, `Fields[0]`, `$env.message`, `a.b(c)`, `field(1)`,
		`reduce(1..3, #acc + #, 0) == 6`, `map(filter(a, # > 1), {#.b})[0]`, `field("") == 1`, `a?.b?.c()`,
	} {
		f.Add(where, `{"message":"POST /","a":{"b":[1,2]},"items":[{"id":7}],"tags":["a"]}`)
	}
	f.Fuzz(func(t *testing.T, where, document string) {
		if len(where) > 200 || strings.Contains(where, "..") && len(where) > 30 {
			t.Skip("expr bounds ranges by itself, but a long one takes its time")
		}
		set, err := Compile([]Rule{{Name: "fuzz", Where: where, Window: time.Second, Threshold: 1}})
		if err != nil {
			return
		}
		batch := set.NewBatch()
		batch.Reset(0)
		for range 2 {
			if _, err := batch.Add([]byte(document)); err != nil {
				return
			}
		}
		batch.Finish()
		if batch.matched[0] == 1 {
			t.Errorf("%q matched one of two equal events", where)
		}
	})
}

// A field that is missing makes a comparison false, and nothing else: what stands beside it counts, in whichever order.
func TestMissingFieldsMakeComparisonsFalse(t *testing.T) {
	const document = `{"message":"panic: x"}`
	for where, want := range map[string]bool{
		`message contains "panic" or status >= 500`:                true,
		`status >= 500 or message contains "panic"`:                true,
		`not (status >= 500)`:                                      true,
		`status >= 500`:                                            false,
		`500 < status or 500 > status or true`:                     true,
		`status < other or message contains "panic"`:               true,
		`len(level) > 3 or message contains "panic"`:               true,
		`lower(level) == "x" or message contains "panic"`:          true,
		`status + 1 > 5 or message contains "panic"`:               true,
		`-status < 5 or message contains "panic"`:                  true,
		`status % 2 == 1 or message contains "panic"`:              true,
		`lower(level) != "x"`:                                      false,
		`level != "x"`:                                             true, // as expr has it: nil is not "x"
		`(status ?? 0) < 5`:                                        true,
		`status == nil and not (status > 5 or level matches "a")`:  true,
		`any(tags ?? [], # == "x") or upper(message) != "PANIC: "`: true,
	} {
		filter, err := NewFilter(where)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if got, known := filter.Matches([]byte(document)); got != want || !known {
			t.Errorf("%s: %v, known %v", where, got, known)
		}
	}
}

// Of a field's type expr must assume nothing.
func TestChoicesOfFields(t *testing.T) {
	for where, document := range map[string]string{
		`(n == nil ? 0 : n) != 5`:                          `{"n":5.5}`,
		`(level == nil ? "info" : level) != "debug"`:       `{"level":7}`,
		`(code == nil ? "none" : code) == 404`:             `{"code":404}`,
		`(status == nil ? 0 : status) == "404"`:            `{"status":"404"}`,
		`(status == nil ? 0 : status) >= 500 or n == "x" `: `{"n":"x"}`,
	} {
		filter, err := NewFilter(where)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if got, known := filter.Matches([]byte(document)); !got || !known {
			t.Errorf("%s of %s: %v, known %v", where, document, got, known)
		}
	}
}

func TestEnvironmentIsNoField(t *testing.T) {
	if _, err := NewFilter(`$env["x-y"] == 1`); err == nil || !strings.Contains(err.Error(), `field("a-b")`) {
		t.Errorf("got %v", err)
	}
}
