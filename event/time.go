package event

import (
	"errors"
	"fmt"
	"math"
)

var (
	// ErrTimeSyntax is wrapped by the errors of [ParseTime] for a text that is not a time.
	ErrTimeSyntax = errors.New("not an RFC 3339 time")
	// ErrTimeRange is the error of [ParseTime] for a time that int64 nanoseconds cannot hold.
	ErrTimeRange = errors.New("time outside 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z")
)

// What is wrong with a text, made once so that hostile times cost no memory.
var (
	errDate     = fmt.Errorf("%w: it must begin with a date as 2006-01-02", ErrTimeSyntax)
	errCalendar = fmt.Errorf("%w: the calendar has no such day", ErrTimeSyntax)
	errClock    = fmt.Errorf("%w: a T and a time of day as 15:04:05 must follow the date", ErrTimeSyntax)
	errFraction = fmt.Errorf("%w: the decimal mark must be followed by a digit", ErrTimeSyntax)
	errZone     = fmt.Errorf("%w: a zone must end it, Z or an offset as +02:00", ErrTimeSyntax)
)

const (
	secondsPerDay        = 24 * 60 * 60
	nanosecondsPerSecond = 1_000_000_000
)

// ParseTime returns the time that a text in the form of RFC 3339 names, in nanoseconds since 1970-01-01T00:00:00Z.
// It does not allocate.
//
// It is as lenient as what people's log shippers send makes necessary: between date and time stands T, t or one space;
// a fraction of the second has a point or a comma and any number of digits, of which those behind the ninth are
// dropped; the zone is Z, z, ±hh:mm, ±hhmm or ±hh. A leap second (:60) counts as the second after it. The zone may not
// be left out, and a day must exist in the Gregorian calendar, which is taken to reach back for ever.
//
// The error wraps [ErrTimeSyntax], or is [ErrTimeRange] for a time before 1677-09-21T00:12:43.145224192Z or after
// 2262-04-11T23:47:16.854775807Z. It does not contain the text.
func ParseTime(text []byte) (int64, error) {
	days, err := parseDate(text)
	if err != nil {
		return 0, err
	}
	second, ok := parseClock(text[dateLength:])
	if !ok {
		return 0, errClock
	}
	nanosecond, length, ok := parseFraction(text[dateLength+clockLength:])
	if !ok {
		return 0, errFraction
	}
	offset, ok := parseZone(text[dateLength+clockLength+length:])
	if !ok {
		return 0, errZone
	}
	return sinceEpoch(days*secondsPerDay+second-offset, nanosecond)
}

// sinceEpoch joins seconds since 1970 and nanoseconds within the second.
func sinceEpoch(seconds, nanosecond int64) (int64, error) {
	const (
		first       = math.MinInt64/nanosecondsPerSecond - 1
		firstWithin = math.MinInt64 - first*nanosecondsPerSecond
		last        = math.MaxInt64 / nanosecondsPerSecond
		lastWithin  = math.MaxInt64 % nanosecondsPerSecond
	)
	switch {
	case seconds < first, seconds == first && nanosecond < firstWithin:
		return 0, ErrTimeRange
	case seconds > last, seconds == last && nanosecond > lastWithin:
		return 0, ErrTimeRange
	}
	return seconds*nanosecondsPerSecond + nanosecond, nil // in the first second the product wraps and the sum wraps back
}

const (
	dateLength  = len("2006-01-02")
	clockLength = len("T15:04:05")
)

// parseDate returns the days from 1970-01-01 to the date at the start of the text.
func parseDate(text []byte) (int64, error) {
	if len(text) < dateLength || text[4] != '-' || text[7] != '-' {
		return 0, errDate
	}
	century, year, month, day := twoDigits(text), twoDigits(text[2:]), twoDigits(text[5:]), twoDigits(text[8:])
	if century < 0 || year < 0 || month < 0 || day < 0 {
		return 0, errDate
	}
	year += 100 * century
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, errCalendar
	}
	return daysToDate(year, month, day), nil
}

// parseClock returns the second of the day at the start of the text, which begins with what separates it from the date.
func parseClock(text []byte) (int64, bool) {
	if len(text) < clockLength || text[3] != ':' || text[6] != ':' {
		return 0, false
	}
	if text[0] != 'T' && text[0] != 't' && text[0] != ' ' {
		return 0, false
	}
	hour, minute, second := twoDigits(text[1:]), twoDigits(text[4:]), twoDigits(text[7:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	return (hour*60+minute)*60 + second, true
}

// parseFraction returns the nanoseconds of the fraction at the start of the text and its length, 0 if there is none.
func parseFraction(text []byte) (nanosecond int64, length int, ok bool) {
	if len(text) == 0 || text[0] != '.' && text[0] != ',' {
		return 0, 0, true
	}
	worth := int64(nanosecondsPerSecond / 10)
	for length = 1; length < len(text) && text[length]-'0' <= 9; length++ {
		nanosecond += int64(text[length]-'0') * worth
		worth /= 10 // becomes 0 behind the ninth digit
	}
	return nanosecond, length, length > 1
}

// parseZone returns the seconds that the zone is ahead of UTC; the zone must be all of the text.
func parseZone(text []byte) (int64, bool) {
	if len(text) == 1 {
		return 0, text[0] == 'Z' || text[0] == 'z'
	}
	hour, minute := int64(0), int64(0)
	switch {
	case len(text) == len("+15:04") && text[3] == ':':
		hour, minute = twoDigits(text[1:]), twoDigits(text[4:])
	case len(text) == len("+1504"):
		hour, minute = twoDigits(text[1:]), twoDigits(text[3:])
	case len(text) == len("+15"):
		hour = twoDigits(text[1:])
	default:
		return 0, false
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	offset := (hour*60 + minute) * 60
	if text[0] == '-' {
		return -offset, true
	}
	return offset, text[0] == '+'
}

// twoDigits returns the number that two digits are, or one below 0 if they are none.
func twoDigits(text []byte) int64 {
	tens, units := text[0]-'0', text[1]-'0'
	if tens > 9 || units > 9 {
		return -1
	}
	return int64(tens)*10 + int64(units)
}
