package logstash

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dateFormat is a compiled date pattern.
type dateFormat []datePiece

// datePiece is one run of equal letters, or a literal text.
type datePiece struct {
	field dateField
	width int // the least number of digits; of a fraction, the number
	text  string
}

// dateField is what a piece says.
type dateField uint8

const (
	dateText     dateField = iota
	dateYear               // two digits if the width is 2
	dateWeekYear           // of ISO 8601; two digits if the width is 2
	dateCentury
	dateQuarter
	dateMonth
	dateMonthShort
	dateMonthFull
	dateWeek // of ISO 8601
	dateDay
	dateDayOfYear
	dateWeekday // Monday is 1
	dateWeekdayShort
	dateWeekdayFull
	dateHalfDay
	dateHour       // 0 to 23
	dateHourFrom1  // 1 to 24
	dateHour12     // 0 to 11
	dateHour12of12 // 1 to 12
	dateMinute
	dateSecond
	dateFraction
	dateMillisecondFraction // dateFraction of a clock that knows milliseconds
)

// letters give what a run of a letter says. They return no piece for a width that the letter does not have.
type letters struct {
	name string
	of   map[byte]func(width int) (datePiece, bool)
}

// parseDate compiles a pattern: runs of letters, and texts of anything else or between single quotes.
func parseDate(pattern string, known letters) (dateFormat, error) {
	if pattern == "" {
		return nil, errors.New("the date pattern is empty, write one such as yyyy.MM.dd")
	}
	var format dateFormat
	for pos := 0; pos < len(pattern); {
		piece, length, err := nextPiece(pattern[pos:], known)
		if err != nil {
			return nil, fmt.Errorf("date pattern %q: at byte %d: %w", pattern, pos, err)
		}
		format = append(format, piece)
		pos += length
	}
	return format, nil
}

func nextPiece(pattern string, known letters) (datePiece, int, error) {
	c := pattern[0]
	switch {
	case c == '\'':
		return quotedPiece(pattern)
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		width := len(pattern) - len(strings.TrimLeft(pattern, string(c)))
		of := known.of[c]
		if of == nil {
			return datePiece{}, 0, fmt.Errorf("%s has no letter %q that is supported here, use any of %s or put it in single quotes",
				known.name, c, known.list())
		}
		piece, ok := of(width)
		if !ok {
			return datePiece{}, 0, fmt.Errorf("%s has no %q, write fewer of the letter", known.name, pattern[:width])
		}
		return piece, width, nil
	case strings.IndexByte("[]{}#", c) >= 0 && known.name == javaLetters.name:
		return datePiece{}, 0, fmt.Errorf("%s gives %q a meaning that is not supported here, put it in single quotes", known.name, c)
	default:
		return datePiece{text: pattern[:1]}, 1, nil
	}
}

// quotedPiece reads a text between single quotes, in which two stand for one, as they do outside.
func quotedPiece(pattern string) (datePiece, int, error) {
	if strings.HasPrefix(pattern, "''") {
		return datePiece{text: "'"}, 2, nil
	}
	var text strings.Builder
	for pos := 1; pos < len(pattern); pos++ {
		if pattern[pos] != '\'' {
			text.WriteByte(pattern[pos])
			continue
		}
		if !strings.HasPrefix(pattern[pos:], "''") {
			return datePiece{text: text.String()}, pos + 1, nil
		}
		text.WriteByte('\'')
		pos++
	}
	return datePiece{}, 0, errors.New("a single quote is not closed, add another")
}

// list returns the letters that there are, in order.
func (l letters) list() string {
	var all []byte
	for letter := range l.of {
		all = append(all, letter)
	}
	slices.Sort(all)
	return string(all)
}

// appendDate appends a time in UTC.
func (f dateFormat) appendDate(dst []byte, at time.Time) []byte {
	for _, piece := range f {
		if piece.field == dateText {
			dst = append(dst, piece.text...)
			continue
		}
		dst = piece.append(dst, at)
	}
	return dst
}

func (p datePiece) append(dst []byte, at time.Time) []byte {
	switch p.field {
	case dateMonthShort:
		return append(dst, at.Month().String()[:3]...)
	case dateMonthFull:
		return append(dst, at.Month().String()...)
	case dateWeekdayShort:
		return append(dst, at.Weekday().String()[:3]...)
	case dateWeekdayFull:
		return append(dst, at.Weekday().String()...)
	case dateHalfDay:
		if at.Hour() < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case dateFraction:
		return appendFraction(dst, at.Nanosecond(), p.width)
	case dateMillisecondFraction:
		return appendFraction(dst, at.Nanosecond()/1_000_000*1_000_000, p.width)
	default:
		return appendNumber(dst, p.number(at), p.width)
	}
}

// number returns what the piece says as a number.
func (p datePiece) number(at time.Time) int {
	switch p.field {
	case dateYear:
		return p.year(at.Year())
	case dateWeekYear:
		year, _ := at.ISOWeek()
		return p.year(year)
	case dateCentury:
		return at.Year() / 100
	case dateQuarter:
		return (int(at.Month()) + 2) / 3
	case dateMonth:
		return int(at.Month())
	case dateWeek:
		_, week := at.ISOWeek()
		return week
	case dateDay:
		return at.Day()
	case dateDayOfYear:
		return at.YearDay()
	case dateWeekday:
		return (int(at.Weekday())+6)%7 + 1
	default:
		return p.clock(at)
	}
}

// clock returns what a piece about the time of day says.
func (p datePiece) clock(at time.Time) int {
	switch p.field {
	case dateHour:
		return at.Hour()
	case dateHourFrom1:
		return (at.Hour()+23)%24 + 1
	case dateHour12:
		return at.Hour() % 12
	case dateHour12of12:
		return (at.Hour()+11)%12 + 1
	case dateMinute:
		return at.Minute()
	default:
		return at.Second()
	}
}

// year shortens a year if the piece is two letters wide. Years here have four digits.
func (p datePiece) year(year int) int {
	if p.width == 2 {
		return year % 100
	}
	return year
}

// appendNumber appends a number, which is not negative, with zeros in front up to a width.
func appendNumber(dst []byte, number, width int) []byte {
	start := len(dst)
	dst = strconv.AppendInt(dst, int64(number), 10)
	if missing := width - (len(dst) - start); missing > 0 {
		digits := len(dst) - start
		for range missing {
			dst = append(dst, '0')
		}
		copy(dst[start+missing:], dst[start:start+digits])
		for i := start; i < start+missing; i++ {
			dst[i] = '0'
		}
	}
	return dst
}

// appendFraction appends the first digits of a fraction of a second; those behind the ninth are zeros.
func appendFraction(dst []byte, nanosecond, digits int) []byte {
	for worth := 100_000_000; digits > 0; digits-- {
		if worth == 0 {
			dst = append(dst, '0')
			continue
		}
		dst = append(dst, byte('0'+nanosecond/worth%10))
		worth /= 10
	}
	return dst
}
