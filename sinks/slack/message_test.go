package slack

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/sinks/sinktest"
	"github.com/logboom/logboom/window"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shapes are the forms that a message can have, by the names of their golden files.
func shapes() map[string]window.Transition {
	plain := window.Transition{
		Rule: "too many lines", State: window.Active, Time: 1e18, Start: 1e18, Count: 5, Peak: 5, Threshold: 5,
		Window: time.Minute, First: []string{"GET /?a=1&b=<2>", "a ```fence``` and `code`"}, Received: 1e18 + 12e6,
	}
	idle := sinktest.Transition(2)
	idle.Reason, idle.Approximate, idle.Last = window.ReasonIdle, true, nil
	return map[string]window.Transition{
		"active": plain, "active_grouped": sinktest.Transition(1), "inactive_grouped": sinktest.Transition(2), "idle": idle,
	}
}

func TestMessageIsAsInItsGoldenFile(t *testing.T) {
	for name, transition := range shapes() {
		t.Run(name, func(t *testing.T) {
			sent := time.Unix(0, transition.Received+6e6)
			sink := newSink(t, Options{Token: "xoxb-1", Channel: "C0123", Now: func() time.Time { return sent }})
			path := filepath.Join("testdata", name+".json")
			got := slices.Concat(sink.full(transition).encode(), sink.head(transition).encode())
			if transition.State == window.Active {
				got = append(got, sink.details(transition).encode()...)
			}
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestTextIsTheSentenceExactly(t *testing.T) {
	server := sinktest.NewSlack(t)
	sink := newSink(t, byToken(server))
	transition := window.Transition{Rule: "too many lines", State: window.Active, Window: time.Second}
	sent := 0
	for _, want := range []string{
		"Alert 'too many lines' changed state to ACTIVE",
		"Alert 'too many lines' changed state to INACTIVE",
		"Alert 'too many lines' for web1 &amp; &lt;web2&gt; changed state to INACTIVE",
	} {
		if strings.Contains(want, "INACTIVE") {
			transition.State = window.Inactive
		}
		if strings.Contains(want, "web1") {
			transition.Grouped, transition.Key = true, "web1 & <web2>"
		}
		sent++
		transition.Number, transition.ID = uint64(sent), fmt.Sprint(sent)
		if err := deliver(t, sink, transition); err != nil {
			t.Fatal(err)
		}
		messages := server.Messages()
		last := messages[len(messages)-1]
		if last.Text != want || last.Blocks[0].Text.Text != want {
			t.Errorf("got %q and %q, want %q", last.Text, last.Blocks[0].Text.Text, want)
		}
	}
}

func TestDelayText(t *testing.T) {
	for delay, want := range map[time.Duration]string{
		0: "+0 ms", 12_345_678: "+12 ms", 9999 * time.Millisecond: "+9999 ms", 10 * time.Second: "+10s",
		3*time.Hour + 2*time.Minute: "+3h2m", -5 * time.Millisecond: "-5 ms", -2 * time.Minute: "-2m",
	} {
		if got := delayText(delay); got != want {
			t.Errorf("%s is %q, want %q", delay, got, want)
		}
	}
}

func TestTemplates(t *testing.T) {
	server := sinktest.NewSlack(t)
	options := byToken(server)
	options.TextTemplate = `<!here> {{.State}}: {{.Rule}}{{if .Grouped}} on {{.Key}}{{end}}`
	options.DetailsTemplate = `{{.Count}} of {{.Threshold}} in {{.Window}}{{range .Samples}}; {{.}}{{end}}`
	if err := deliver(t, newSink(t, options), sinktest.Transition(1)); err != nil {
		t.Fatal(err)
	}
	got := server.Messages()[0]
	if want := "<!here> ACTIVE: too many lines on web0 &lt;a&amp;b&gt;"; got.Text != want {
		t.Errorf("the text is %q, want %q", got.Text, want)
	}
	want := `5 of 5 in 1s; 101; 102 &lt;x&gt; &amp; "y"; 103`
	if len(got.Blocks) != 3 || got.Blocks[1].Text.Text != want || got.Blocks[2].Type != "context" {
		t.Errorf("the blocks are %+v", got.Blocks)
	}
}

func TestTemplatesKnowFieldsAndEpisode(t *testing.T) {
	server := sinktest.NewSlack(t)
	options := byToken(server)
	options.TextTemplate = `{{index .Group "host.name"}} {{.Episode}}`
	transition := sinktest.Transition(2)
	if err := deliver(t, newSink(t, options), transition); err != nil {
		t.Fatal(err)
	}
	if got, want := server.Messages()[0].Text, "web0 &lt;a&amp;b&gt; "+sinktest.Transition(1).ID; got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
}

func TestFieldsInDetails(t *testing.T) {
	transition := sinktest.Transition(1)
	transition.Group = []window.Field{{Name: "url.path", Value: "/<a>"}, {Name: "host`.name"}}
	want := "*Count:* 5 (threshold 5 in 1s)\n`host'.name`: (none)\n`url.path`: /&lt;a&gt;"
	if got := defaultDetails(dataOf(transition)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTemplateThatSaysNothingOrTooMuch(t *testing.T) {
	for _, source := range []string{
		`{{if .Active}}{{else}}over{{end}}`, `{{define "x"}}{{end}} `,
		`{{range .Samples}}{{range $.Samples}}{{printf "%070000d" 1}}{{end}}{{end}}`,
	} {
		server := sinktest.NewSlack(t)
		options := byToken(server)
		options.TextTemplate, options.DetailsTemplate = source, source
		sink, err := New(options)
		if err != nil {
			continue // refused at the start, which is as good
		}
		if err := deliver(t, sink, sinktest.Transition(1)); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		sink.Close()
		if got := server.Messages()[0].Text; got != escape(sinks.Headline(sinktest.Transition(1))) {
			t.Errorf("%s gave %q", source, got)
		}
	}
}

func TestCutText(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"}, {"longer", 5, "long…"}, {"ab&amp;cd", 5, "ab…"}, {"a&lt;bcd", 6, "a&lt;…"}, {"üüü", 2, "ü…"},
	} {
		if got := cutText(test.text, test.limit); got != test.want {
			t.Errorf("%q became %q, want %q", test.text, got, test.want)
		}
	}
}

func TestCodeBlockSharesItsRoom(t *testing.T) {
	long := strings.Repeat("<", 500)
	block := codeBlock([]string{"short", long, "middle", long, long})
	if count := utf8.RuneCountInString(block); count > longestBlock || count < longestBlock-20 {
		t.Errorf("the block has %d characters", count)
	}
	if !strings.HasPrefix(block, "```\nshort\n&lt;") || !strings.HasSuffix(block, "&lt;…\n```") {
		t.Errorf("got %s", block)
	}
}

// FuzzMessage: whatever the texts, Slack's limits hold and nothing of it has a meaning to Slack.
func FuzzMessage(f *testing.F) {
	f.Add("rule", "key", "line", "other", true)
	f.Add("<!channel>", "\xff&", "```", strings.Repeat("&`", 3000), false)
	f.Add(strings.Repeat("r<", 5000), strings.Repeat("k", 50_000), "``````", "\u200b", true)
	f.Fuzz(func(t *testing.T, rule, key, line, other string, active bool) {
		transition := window.Transition{
			Rule: rule, Grouped: true, Key: key, Window: time.Second, First: []string{line, other}, Last: []string{other, line, line},
		}
		if active {
			transition.State = window.Active
		}
		sink := Sink{options: Options{Now: time.Now}}
		for _, m := range []message{sink.full(transition), sink.full(transition).plain(&transition)} {
			var got sinktest.Message
			if err := json.Unmarshal(m.encode(), &got); err != nil {
				t.Fatal(err)
			}
			texts := []string{got.Text}
			for i, block := range got.Blocks {
				if block.Text != nil {
					texts = append(texts, block.Text.Text)
				}
				if i == 2 && strings.Count(block.Text.Text, "```") != 2 {
					t.Errorf("the block of code is left in %q", block.Text.Text)
				}
			}
			for i, text := range texts {
				if limit := []int{longestText, longestBlock}[min(i, 1)]; utf8.RuneCountInString(text) > limit {
					t.Errorf("a text has %d characters", utf8.RuneCountInString(text))
				}
				if strings.ContainsAny(text, "<>") || !utf8.ValidString(text) || text == "" {
					t.Errorf("got %q", text)
				}
			}
		}
	})
}
