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
