package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// plain returns a text without what could make a terminal do something: letters hold whatever somebody sent.
func plain(text string) string { return cleaned(text, "") }

// plainLines is plain, and keeps line feeds and tabs.
func plainLines(text string) string { return cleaned(text, "\n\t") }

func cleaned(text, kept string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune(kept, r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || strings.ContainsRune(kept, r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// cut returns a text of at most width characters.
func cut(text string, width int) string {
	if characters := []rune(text); width > 1 && len(characters) > width {
		return string(characters[:width-1]) + "…"
	}
	return text
}

// sizeText returns a number of bytes for people.
func sizeText(size int64) string {
	const unit = 1024
	switch {
	case size < unit:
		return fmt.Sprintf("%d B", size)
	case size < unit*unit:
		return fmt.Sprintf("%.1f KiB", float64(size)/unit)
	case size < unit*unit*unit:
		return fmt.Sprintf("%.1f MiB", float64(size)/unit/unit)
	}
	return fmt.Sprintf("%.1f GiB", float64(size)/unit/unit/unit)
}

// numberOf returns a count with its noun: 1 letter, 2 letters.
func numberOf(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// pretty returns a document for people: indented where it is JSON, without what could make a terminal do something.
func pretty(document []byte) string {
	var indented bytes.Buffer
	if json.Indent(&indented, document, "", "  ") == nil {
		return plainLines(indented.String())
	}
	return plainLines(string(document))
}

// screen is where something is printed for people.
type screen struct {
	out    io.Writer
	width  int // 0 where it is no terminal
	colour bool
}

func newScreen(out io.Writer) screen {
	file, is := out.(*os.File)
	if !is || !isTerminal(out) {
		return screen{out: out}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		width = 0
	}
	return screen{out: out, width: width, colour: os.Getenv("NO_COLOR") == ""}
}

// The colours of a screen, as SGR has them.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	yellow = "33"
)

// paint returns a text in a colour where the screen has them.
func (s screen) paint(colour, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
