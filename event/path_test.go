package event

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	for path, want := range map[string][]string{
		"message":                   {"message"},
		"@timestamp":                {"@timestamp"},
		"host.name":                 {"host", "name"},
		"[host][name]":              {"host", "name"},
		"[message]":                 {"message"},
		"[host.name]":               {"host", "name"},
		"[@metadata][beat]":         {"@metadata", "beat"},
		"http.response.status_code": {"http", "response", "status_code"},
		"größe.µs":                  {"größe", "µs"},
		"two words":                 {"two words"},
	} {
		got, err := parsePath(path)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("parsePath(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestMalformedPaths(t *testing.T) {
	longest := strings.Repeat("a.", MaxSegments-1) + "a"
	if _, err := NewSelector(longest); err != nil {
		t.Errorf("%d segments: %v", MaxSegments, err)
	}
	for _, path := range []string{
		"", ".", ".a", "a.", "a..b", "[", "]", "[]", "[a", "a]", "[a]b", "a[b]", "[a]b[c]", "[a][]", "[][a]", "[[a]]",
		"[a][b", "[.a]", "[a.]", "\xff", "a\uFFFD", longest + ".a",
	} {
		if _, err := NewSelector("message", path); !errors.Is(err, ErrPath) {
			t.Errorf("NewSelector(%q): %v, want ErrPath", path, err)
		}
		if _, _, err := Lookup([]byte("{}"), path); !errors.Is(err, ErrPath) {
			t.Errorf("Lookup(%q): %v, want ErrPath", path, err)
		}
	}
}

func TestIndexes(t *testing.T) {
	selector := mustSelect(t, "message", "host.name", "[message]", "host", "[host][name]", "a.b.c")
	if selector.Len() != 4 {
		t.Errorf("Len() = %d, want 4 different paths", selector.Len())
	}
	for path, want := range map[string]int{
		"message": 0, "[message]": 0, "host.name": 1, "[host][name]": 1, "[host.name]": 1, "host": 2, "a.b.c": 3,
	} {
		if got, ok := selector.Index(path); !ok || got != want {
			t.Errorf("Index(%q) = %d, %t; want %d", path, got, ok, want)
		}
	}
	for _, path := range []string{"", "a", "a.b", "a.b.c.d", "name", "host.", "[host"} {
		if _, ok := selector.Index(path); ok {
			t.Errorf("Index(%q) was found", path)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, path := range []string{"host.name", "[host][name]", "[host.name]", "a[b]", "..", "[[", "a\xff"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, err := parsePath(path)
		if err != nil {
			if !errors.Is(err, ErrPath) {
				t.Fatalf("parsePath(%q): %v does not wrap ErrPath", path, err)
			}
			return
		}
		again, err := parsePath("[" + strings.Join(segments, "][") + "]")
		if err != nil || !slices.Equal(again, segments) {
			t.Fatalf("parsePath(%q) = %q, and in brackets %q, %v", path, segments, again, err)
		}
	})
}
