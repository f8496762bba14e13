package logstash

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/logboom/logboom/event"
)

const templateDocument = `{"@timestamp":"2026-01-03T05:06:07.089012Z","@metadata":{"beat":"filebeat","n":7,"none":null,"a":[1, "b" ,[true,null],{"c": 1}]},` +
	`"message":"a \"b\" \u00e9","host":{"name":"web1"},"log.offset":292,"yes":true,"list":["a","b,c"],"object":{"a":[1,{"b":"x"}]},"null":null,"1.0":1.50}`

func TestTemplates(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"logs", "logs"},
		{"100% {a}", "100% {a}"},
		{"%{[@metadata][beat]}-%{+YYYY.MM.dd}", "filebeat-2026.01.03"},
		{"%{@metadata.beat}", "filebeat"},
		{"%{[@metadata][n]}", "7"},
		{"%{[@metadata][none]}", "%{[@metadata][none]}"},
		{"%{[@metadata][a]}", `1,b,true,,{"c": 1}`},
		{"%{[@metadata][a][b]}", "%{[@metadata][a][b]}"},
		{"%{message}", `a "b" é`},
		{"%{[host][name]}/%{host.name}", "web1/web1"},
		{"%{host}", `{"name":"web1"}`},
		{"%{[log][offset]}", "292"},
		{"%{yes}%{list}", "truea,b,c"},
		{"%{object}", `{"a":[1,{"b":"x"}]}`},
		{"%{null}%{missing}%{[a][b]}", "%{null}%{missing}%{[a][b]}"},
		{"%{1.0}", "1.50"},
		{"%{@timestamp}", "2026-01-03T05:06:07.089012Z"},
		{"%{+%s}", "1767416767"},
		{"%{{TIME_NOW}}", "2026-11-24T00:00:00.500Z"},
		{"%{[@metadata][input][beats][host][ip]}", "192.0.2.7"},
		{"%{[@metadata][tls_peer][status]}", "%{[@metadata][tls_peer][status]}"},
	}
	encoder := mustEncoder(t, Settings{})
	var found Found
	written, err := encoder.Append(nil, []byte(templateDocument), goldenOrigin(), &found)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(tests))
	for i, test := range tests {
		texts[i] = test.text
		if got := evaluate(t, encoder, test.text, &found, written, goldenOrigin()); got != test.want {
			t.Errorf("%q alone says %q, want %q", test.text, got, test.want)
		}
	}
	templates, err := NewTemplates(encoder, texts...)
	if err != nil {
		t.Fatal(err)
	}
	var values Values
	if err := templates.Scan(&values, &found, written, goldenOrigin()); err != nil {
		t.Fatal(err)
	}
	for i, test := range tests {
		if got := string(templates.Append([]byte("x"), i, &values)); got != "x"+test.want {
			t.Errorf("%q among others says %q, want %q", test.text, got, test.want)
		}
	}
}

func TestTemplateDates(t *testing.T) {
	at := time.Date(2026, time.January, 3, 15, 6, 7, 89012345, time.UTC) // a Saturday, in the first week
	tests := []struct{ text, want string }{
		{"%{+YYYY.MM.dd}", "2026.01.03"},
		{"%{+yyyy-MM-dd'T'HH:mm:ss.SSSZZ}", "2026-01-03T15:06:07.089+00:00"},
		{"%{+YY.M.d}", "26.1.3"},
		{"%{+xxxx.ww}", "2026.01"},
		{"%{+xxxx-'W'ww-e}", "2026-W01-6"},
		{"%{+DDD}", "003"},
		{"%{+D}", "3"},
		{"%{+EEE EEEE MMM MMMM}", "Sat Saturday Jan January"},
		{"%{+hh K KK kk a}", "03 3 03 15 PM"},
		{"%{+SSSSSS}", "089000"},
		{"%{+C G z zzzz Z ZZZ}", "20 AD UTC Coordinated Universal Time +0000 UTC"},
		{"%{+'o''clock' ''}", "o'clock '"},
		{"%{{yyyy.MM.dd}}", "2026.01.03"},
		{"%{{uuuu-DDD}}", "2026-003"},
		{"%{{YYYY-'W'ww-e}}", "2026-W01-6"},
		{"%{{yy.M.d}}", "26.1.3"},
		{"%{{HH:mm:ss.SSSSSSSSS}}", "15:06:07.089012345"},
		{"%{{E EEEE ee eee}}", "Sat Saturday 06 Sat"},
		{"%{{XXX xxx Z z}}", "Z +00:00 +0000 Z"},
		{"%{{Q QQ LLL}}", "1 01 Jan"},
		{"%{{h a}}", "3 PM"},
		{"a%{+YYYY}b", "a2026b"},
	}
	encoder := mustEncoder(t, Settings{})
	document := []byte(`{"@timestamp":"` + at.Format(time.RFC3339Nano) + `"}`)
	var found Found
	written, err := encoder.Append(nil, document, goldenOrigin(), &found)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if got := evaluate(t, encoder, test.text, &found, written, goldenOrigin()); got != test.want {
			t.Errorf("%q says %q, want %q", test.text, got, test.want)
		}
	}
}

// TestTemplateWeeks holds the weeks of ISO 8601 against Go's at the ends of years, in whose last days the year of the
// week is not the year.
func TestTemplateWeeks(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	for day := time.Date(2018, time.December, 25, 0, 0, 0, 0, time.UTC); day.Year() < 2032; day = day.AddDate(0, 0, 1) {
		year, week := day.ISOWeek()
		want := string(appendNumber(appendNumber(nil, year, 4), week, 3)) + day.Format(" 002 06 Mon")
		got := evaluate(t, encoder, "%{+xxxxwww DDD YY EEE}", &Found{Time: day.UnixNano()}, []byte("{}"), goldenOrigin())
		if got != want {
			t.Fatalf("%s: %q, want %q", day, got, want)
		}
	}
}

func TestTemplateHoursAndWeekdays(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	tests := []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, time.January, 4, 0, 0, 0, 0, time.UTC), "7 0 24 0 12 AM 7 24 0 12 AM"}, // a Sunday
		{time.Date(2026, time.January, 5, 12, 0, 0, 0, time.UTC), "1 12 12 0 12 PM 1 12 0 12 PM"},
		{time.Date(2026, time.January, 6, 23, 0, 0, 0, time.UTC), "2 23 23 11 11 PM 2 23 11 11 PM"},
	}
	for _, test := range tests {
		found := &Found{Time: test.at.UnixNano()}
		got := evaluate(t, encoder, "%{+e H k K h a} %{{e k K h a}}", found, []byte("{}"), goldenOrigin())
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.at, got, test.want)
		}
	}
}

// TestTemplatesOfManyMembers reads a field of events with as many members as are remembered, and with more.
func TestTemplatesOfManyMembers(t *testing.T) {
	encoder := mustEncoder(t, Settings{})
	for _, members := range []int{maxSpans - 2, maxSpans - 1, maxSpans, maxSpans + 1, plainKeys - 2} {
		document := []byte(`{"message":"m"`)
		for i := range members {
			document = fmt.Appendf(document, `,"m%d":%d`, i, i)
		}
		var found Found
		written, err := encoder.Append(nil, append(document, '}'), goldenOrigin(), &found)
		if err != nil || found.Marks&Rewritten != 0 {
			t.Fatalf("marks %b, %v", found.Marks, err)
		}
		text, want := fmt.Sprintf("%%{m%d}%%{m0}", members-1), fmt.Sprintf("%d0", members-1)
		if got := evaluate(t, encoder, text, &found, written, goldenOrigin()); got != want {
			t.Errorf("%d members: %s says %q, want %q", members, text, got, want)
		}
	}
}

// TestAddedMetadataIsBounded makes sure that fields of @metadata that name each other end somewhere.
func TestAddedMetadataIsBounded(t *testing.T) {
	settings := Settings{AddField: []Field{{"[@metadata][f0]", "x"}}}
	for i := range maxAddedDepth + 1 {
		value := fmt.Sprintf("%%{[@metadata][f%d]}", i)
		settings.AddField = append(settings.AddField, Field{fmt.Sprintf("[@metadata][f%d]", i+1), value})
	}
	encoder := mustEncoder(t, settings)
	for i := range maxAddedDepth + 2 {
		want := "x"
		if i >= maxAddedDepth {
			want = fmt.Sprintf("%%{[@metadata][f%d]}", i-maxAddedDepth)
		}
		text := fmt.Sprintf("%%{[@metadata][f%d]}", i)
		if got := evaluate(t, encoder, text, &Found{}, []byte("{}"), goldenOrigin()); got != want {
			t.Errorf("%s says %q, want %q", text, got, want)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	tests := []struct{ text, says string }{
		{"a-%{b", "at byte 2: %{ is not closed, add the }"},
		{"%{a}-%{b", "at byte 5: %{ is not closed, add the }"},
		{"%{}", "at byte 0: write a field as %{name} or %{[a][b]}"},
		{"x%{[a]b}", "at byte 1: write a field as %{name} or %{[a][b]}"},
		{"%{[a}", "bracket is not closed"},
		{"x%{[tags][0]}", "at byte 1: %{[tags][0]}: places in arrays, as [0], are not supported"},
		{"%{+YYYY.MM.ddT}", `at byte 10: Joda-Time has no letter 'T' that is supported here, use any of CDEGHKMSYZadehkmswxyz or put it in single quotes`},
		{"%{+}", "the date pattern is empty, write one such as yyyy.MM.dd"},
		{"%{+'a}", "at byte 0: a single quote is not closed, add another"},
		{"%{{yyyy.jj}}", `java.time has no letter 'j'`},
		{"%{{HHH}}", `java.time has no "HHH", write fewer of the letter`},
		{"%{{yyyy[MM]}}", `java.time gives '[' a meaning that is not supported here`},
		{"%{+" + strings.Repeat("y", 99) + "}", "write fewer"},
	}
	for _, test := range tests {
		_, err := ParseTemplate(test.text)
		if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v, want %q in it", test.text, err, test.says)
		}
	}
}

func TestTemplateConstantAndFields(t *testing.T) {
	template, err := ParseTemplate("logs")
	if err != nil {
		t.Fatal(err)
	}
	if text, is := template.Constant(); !is || text != "logs" {
		t.Errorf("Constant: %q, %t", text, is)
	}
	template, err = ParseTemplate("%{a}%{[b][c]}%{a}%{+YYYY}")
	if err != nil {
		t.Fatal(err)
	}
	if _, is := template.Constant(); is || template.String() != "%{a}%{[b][c]}%{a}%{+YYYY}" {
		t.Errorf("%s is constant", template)
	}
	if fields := template.Fields(); !slices.Equal(fields, []string{"a", "b.c"}) {
		t.Errorf("Fields: %q", fields)
	}
}

func TestTemplatesReadTheOrigin(t *testing.T) {
	encoder := mustEncoder(t, Settings{Enrich: []string{EnrichSSLPeerMetadata}})
	texts := "%{[@metadata][tls_peer][status]} %{[@metadata][input][beats][tls][cipher]} %{[@metadata][input][beats][host][ip]}"
	tests := []struct {
		origin Origin
		want   string
	}{
		{Origin{}, "%{[@metadata][tls_peer][status]} %{[@metadata][input][beats][tls][cipher]} sent"},
		{Origin{TLS: &TLSPeer{Cipher: "c"}}, "unverified %{[@metadata][input][beats][tls][cipher]} sent"},
		{Origin{TLS: &TLSPeer{Verified: true, Cipher: "c"}, RemoteIP: netip.MustParseAddr("::ffff:1.2.3.4")}, "verified c sent"},
	}
	for _, test := range tests {
		document := []byte(`{"@metadata":{"input":{"beats":{"host":{"ip":"sent"}}}}}`)
		var found Found
		written, err := encoder.Append(nil, document, &test.origin, &found)
		if err != nil {
			t.Fatal(err)
		}
		if got := evaluate(t, encoder, texts, &found, written, &test.origin); got != test.want {
			t.Errorf("%+v: %q, want %q", test.origin, got, test.want)
		}
	}
	mapped := &Origin{RemoteIP: netip.MustParseAddr("::ffff:1.2.3.4")}
	if got := evaluate(t, mustEncoder(t, Settings{}), "%{[@metadata][input][beats][host][ip]}", &Found{}, []byte("{}"), mapped); got != "1.2.3.4" {
		t.Errorf("the address is %q", got)
	}
}

// TestAddedTextIsUTF8 adds an object of @metadata, which templates take as it was sent, though it is not UTF-8.
func TestAddedTextIsUTF8(t *testing.T) {
	settings := Settings{AddField: []Field{{"added", "%{[@metadata][o]}"}, {"literal", "\xff%{+%s}"}}}
	var found Found
	document := []byte("{\"@metadata\":{\"o\":{\"a\":\"\xff\"}}}")
	written, err := mustEncoder(t, settings).Append(nil, document, goldenOrigin(), &found)
	if err != nil || !utf8.Valid(written) || !strings.Contains(string(written), `"added":"{\"a\":\"`+"\uFFFD"+`\"}"`) {
		t.Errorf("written %q, %v", written, err)
	}
}

func TestTemplatesRefuseWhatWasNotWritten(t *testing.T) {
	templates, err := NewTemplates(mustEncoder(t, Settings{}), "%{a}%{[@metadata][b]}")
	if err != nil {
		t.Fatal(err)
	}
	var values Values
	var syntax *event.SyntaxError
	if err := templates.Scan(&values, &Found{}, []byte("{"), goldenOrigin()); !errors.As(err, &syntax) {
		t.Errorf("Scan of half an event: %v", err)
	}
	if err := templates.Scan(&values, &Found{Metadata: []byte("{")}, []byte("{}"), goldenOrigin()); !errors.As(err, &syntax) {
		t.Errorf("Scan of half of @metadata: %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"%{[a][b]}-%{+YYYY.MM.dd}", "%{{yyyy}}%{+%s}", "%{", "%{+'a''b'}", "%{[@metadata][a]}", "a%{host}b"} {
		f.Add(text)
	}
	encoder := mustEncoder(f, Settings{})
	var found Found
	written, err := encoder.Append(nil, []byte(templateDocument), goldenOrigin(), &found)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := ParseTemplate(text)
		if err != nil {
			if !errors.Is(err, ErrTemplate) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		said := evaluate(t, encoder, text, &found, written, goldenOrigin())
		if constant, is := template.Constant(); is && said != constant {
			t.Fatalf("%q is constantly %q, but says %q", text, constant, said)
		}
		if len(said) > (len(text)+1)*(len(templateDocument)+len(written)) {
			t.Fatalf("%q says %d bytes", text, len(said))
		}
		var joined string
		for _, p := range template.parts {
			joined += p.text
		}
		if joined != text {
			t.Fatalf("parts of %q are %q", text, joined)
		}
	})
}
