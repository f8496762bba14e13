package shipper

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// readLines reads all lines, with copies of their texts.
func readLines(t *testing.T, from io.Reader) []line {
	t.Helper()
	var lines []line
	for reader := newLineReader(from); ; {
		read, err := reader.next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		read.text = bytes.Clone(read.text)
		lines = append(lines, read)
	}
}

func TestLinesWithOddEnds(t *testing.T) {
	for content, want := range map[string][]string{
		"":               nil,
		"a\nb\n":         {"a", "b"},
		"a\nb":           {"a", "b"},
		"a\r\nb\r\n":     {"a", "b"},
		"a\n\n\r\nb":     {"a", "", "", "b"},
		"\n":             {""},
		"a\rb\r\r\nc\r":  {"a\rb\r", "c\r"},
		"\ufeffa\n\x00b": {"\ufeffa", "\x00b"},
	} {
		offset := int64(0)
		for i, read := range readLines(t, iotest.OneByteReader(strings.NewReader(content))) {
			if i >= len(want) || string(read.text) != want[i] || read.offset != offset || read.truncated {
				t.Errorf("%q: line %d is %q at %d, want %q at %d", content, i, read.text, read.offset, want, offset)
			}
			offset += read.size
		}
		if offset != int64(len(content)) {
			t.Errorf("%q: lines take %d bytes, want %d", content, offset, len(content))
		}
	}
}

func TestLongLinesAreCut(t *testing.T) {
	longest := strings.Repeat("x", MaxLine)
	for _, test := range []struct {
		name, content string
		text          int
		truncated     bool
	}{
		{"longest", longest + "\n", MaxLine, false},
		{"longest with CR", longest + "\r\n", MaxLine, false},
		{"longest at the end", longest, MaxLine, false},
		{"longest with CR at the end", longest + "\r", MaxLine, true},
		{"one more", longest + "y\n", MaxLine, true},
		{"one more with CR", longest + "y\r\n", MaxLine, true},
		{"much more", longest + longest + longest + "\r\n", MaxLine, true},
		{"a character across the end", longest[2:] + "日\n", MaxLine - 2, true},
		{"a character before the end", longest[3:] + "日y\n", MaxLine, true},
		{"no UTF-8", longest[4:] + "\xff\xff\xff\xff\xff\n", MaxLine, true},
	} {
		lines := readLines(t, strings.NewReader(test.content+"after"))
		if test.name == "longest at the end" || test.name == "longest with CR at the end" {
			lines = append(readLines(t, strings.NewReader(test.content)), line{text: []byte("after")})
		}
		if len(lines) != 2 || string(lines[1].text) != "after" {
			t.Errorf("%s: %d lines", test.name, len(lines))
			continue
		}
		first := lines[0]
		if len(first.text) != test.text || first.truncated != test.truncated || first.size != int64(len(test.content)) {
			t.Errorf("%s: %d bytes of %d, truncated %v", test.name, len(first.text), first.size, first.truncated)
		}
	}
}

func TestLongLinesTakeBoundedMemory(t *testing.T) {
	reader := newLineReader(io.LimitReader(zeros{}, 200<<20))
	read, err := reader.next()
	if err != nil || read.size != 200<<20 || len(read.text) != MaxLine || cap(reader.long) > 4*MaxLine {
		t.Errorf("%d of %d bytes in %d, %v", len(read.text), read.size, cap(reader.long), err)
	}
}

// zeros is an endless line.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func FuzzLines(f *testing.F) {
	for _, seed := range []string{"a\nb\r\n\n", "\r", "x\r\r\n", ""} {
		f.Add([]byte(seed), 0)
	}
	f.Add([]byte("日本\n"), MaxLine-3)
	f.Fuzz(func(t *testing.T, content []byte, padding int) {
		if padding > 0 && padding < 2*MaxLine {
			content = append(bytes.Repeat([]byte{'p'}, padding), content...)
		}
		rest := content
		for _, read := range readLines(t, bytes.NewReader(content)) {
			whole, after, terminated := bytes.Cut(rest, []byte{'\n'})
			if read.offset != int64(len(content)-len(rest)) || read.size != int64(len(rest)-len(after)) {
				t.Fatalf("line at %d of %d bytes", read.offset, read.size)
			}
			if terminated {
				whole = bytes.TrimSuffix(whole, []byte{'\r'})
			}
			checkLine(t, read, whole)
			rest = after
		}
		if len(rest) > 0 {
			t.Fatalf("%d bytes were not read", len(rest))
		}
	})
}

// checkLine compares a line with what stands in the file.
func checkLine(t *testing.T, read line, whole []byte) {
	t.Helper()
	if read.truncated != (len(whole) > MaxLine) {
		t.Fatalf("line of %d bytes, truncated %v", len(whole), read.truncated)
	}
	if !read.truncated && !bytes.Equal(read.text, whole) {
		t.Fatalf("line %q, want %q", read.text, whole)
	}
	if read.truncated && (!bytes.HasPrefix(whole, read.text) || len(read.text) <= MaxLine-utf8.UTFMax) {
		t.Fatalf("%d bytes of a line of %d", len(read.text), len(whole))
	}
}
