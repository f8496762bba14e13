package logstash

import (
	"math/rand/v2"
	"strconv"
)

// randomDocument writes events that are valid and as odd as can be: keys twice and escaped, members that Logstash
// changes with any value, white space, bytes that are not UTF-8, halves of surrogate pairs.
type randomDocument struct {
	*rand.Rand
	out []byte
	odd bool
}

var randomKeys = []string{
	"@timestamp", "@metadata", "@version", "message", "line", "tags", "event", "_tags", "_@timestamp", "type", "host",
	"beat", "fields", "original", "event.original", "@metadata.beat", "agent", "a", "b", "name", "env", "é", "a b", `q"u`,
	"a-rather-long-key-1", "a-rather-long-key-2", "[a][b]", "", "hostname",
}

var randomTexts = []string{
	"2026-11-23T20:00:26.841Z", "2026-11-23T20:00:26.840000Z", "2026-11-23T20:00:26Z", "2026-11-23T23:59:60.000Z",
	"2026-11-23T20:00:26.8+02", "2026-11-23T20:00:26.841z", "2026-11-23 20:00:26.841Z", "2026-11-23T20:00:26,841Z",
	"2026-11-23T20:00:26.841234567+02:00", "2026-02-30T00:00:00.000Z", "yesterday", "9999-12-31T00:00:00Z",
	"beats_input_codec_plain_applied", "beats_input_raw_event", "_timestampparsefailure", "web", "", "a longer text of a line",
	"Grüße", "\U0001F600", "a\"b\\c/d", "line\nline\ttab\x01\x1f", "\u2028<&>", "\uFFFD",
}

var randomRaw = []string{`\ud83d\ude00`, `\ud800`, `\udc00\ud800`, `\uD83Dx`, "\xff", "\xed\xa0\x80", "a\xc3", `\u0000`, `\/`, `\u00e9`, "\x7f"}

func (r *randomDocument) space() {
	if r.odd && r.IntN(8) == 0 {
		r.out = append(r.out, []string{" ", "\n", "\t ", "\r\n"}[r.IntN(4)]...)
	}
}

func (r *randomDocument) text(text string) {
	r.out = append(r.out, '"')
	for _, char := range text {
		if r.odd && char < 0x10000 && r.IntN(20) == 0 {
			r.out = append(r.out, `\u`...)
			hex := strconv.FormatInt(0x10000+int64(char), 16)
			r.out = append(r.out, hex[1:]...)
			continue
		}
		r.out = appendRune(r.out, char)
	}
	if r.odd && r.IntN(16) == 0 {
		r.out = append(r.out, randomRaw[r.IntN(len(randomRaw))]...)
	}
	r.out = append(r.out, '"')
}

func (r *randomDocument) object(depth, members int) {
	r.out = append(r.out, '{')
	used := map[string]bool{}
	for i, first := 0, true; i < members; i++ {
		key := randomKeys[r.IntN(len(randomKeys))]
		if depth == 0 && i == 0 && r.IntN(4) > 0 {
			key = "@timestamp"
		}
		if used[key] && !r.odd {
			continue
		}
		used[key] = true
		if !first {
			r.out = append(r.out, ',')
		}
		first = false
		r.space()
		r.text(key)
		r.space()
		r.out = append(r.out, ':')
		r.space()
		r.value(depth + 1)
		r.space()
	}
	r.out = append(r.out, '}')
}

func (r *randomDocument) value(depth int) {
	kinds := 10
	if depth > 4 {
		kinds = 8
	}
	switch r.IntN(kinds) {
	case 0:
		r.out = append(r.out, "null"...)
	case 1:
		r.out = append(r.out, []string{"true", "false"}[r.IntN(2)]...)
	case 2:
		r.out = append(r.out, []string{"0", "1.0", "-12345678901234567890123", "1e5", "0.10", "-0"}[r.IntN(6)]...)
	case 3, 4, 5, 6, 7:
		r.text(randomTexts[r.IntN(len(randomTexts))])
	case 8:
		r.object(depth, r.IntN(5))
	case 9:
		r.array(depth)
	}
}

func (r *randomDocument) array(depth int) {
	r.out = append(r.out, '[')
	texts := r.IntN(2) == 0
	for i := range r.IntN(4) {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		r.space()
		if texts {
			r.text(randomTexts[r.IntN(len(randomTexts))])
		} else {
			r.value(depth + 1)
		}
		r.space()
	}
	r.out = append(r.out, ']')
}

// next returns another document, in new memory.
func (r *randomDocument) next() []byte {
	r.odd = r.IntN(2) == 0
	r.out = nil
	r.space()
	r.object(0, r.IntN(12))
	r.space()
	return r.out
}
