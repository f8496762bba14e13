package slack

import (
	"strings"
	"unicode/utf8"
)

// Slack's limits on texts, in characters. A message's text is cut off beyond 40,000; 4,000 is what Slack advises.
const (
	longestBlock = 3000
	longestText  = 4000
)

const ellipsis = "…"

// escape replaces the three characters that Slack gives a meaning to, and makes text valid UTF-8.
func escape(text string) string {
	return escaper.Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// fitEscaped returns text escaped, cut with an ellipsis so that it has at most limit characters. An escape is never cut
// in the middle.
func fitEscaped(text string, limit int) string {
	escaped := escape(text)
	if utf8.RuneCountInString(escaped) <= limit {
		return escaped
	}
	var fitted strings.Builder
	room := limit - 1
	for _, r := range text {
		piece := escape(string(r))
		if room -= utf8.RuneCountInString(piece); room < 0 {
			break
		}
		fitted.WriteString(piece)
	}
	return fitted.String() + ellipsis
}

// cutText returns a text that is escaped already, cut with an ellipsis so that it has at most limit characters, and not
// in the middle of an escape.
func cutText(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit-1])
	if open := strings.LastIndexByte(cut, '&'); open >= 0 && !strings.Contains(cut[open:], ";") {
		cut = cut[:open]
	}
	return cut + ellipsis
}

// fence begins and ends a block of code.
const fence = "```"

// codeBlock returns lines as a block of code that fits into one block of a message. Long lines give up their ends first,
// each having the same right to the room that the shorter ones leave.
func codeBlock(lines []string) string {
	room := longestBlock - 2*len(fence) - len(lines) - 1
	fitted := make([]string, len(lines))
	for i, line := range lines {
		fitted[i] = fitEscaped(unfenced(line), room/(len(lines)-i))
		room -= utf8.RuneCountInString(fitted[i])
	}
	return fence + "\n" + strings.Join(fitted, "\n") + "\n" + fence
}

// unfenced breaks up what would end a block of code, with a space of no width.
func unfenced(line string) string { return strings.ReplaceAll(line, "``", "`\u200b`") }
