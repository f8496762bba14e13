package event

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-23T20:00:26.841Z":         "2026-11-23T20:00:26.841Z",
		"2026-11-23t20:00:26.841z":         "2026-11-23T20:00:26.841Z",
		"2026-11-23 20:00:26Z":             "2026-11-23T20:00:26Z",
		"2026-11-23T20:00:26,5Z":           "2026-11-23T20:00:26.5Z",
		"2026-11-23T20:00:26.123456789Z":   "2026-11-23T20:00:26.123456789Z",
		"2026-11-23T20:00:26.12345678987Z": "2026-11-23T20:00:26.123456789Z",
		"2026-11-23T20:00:26+02:00":        "2026-11-23T18:00:26Z",
		"2026-11-23T20:00:26.5-0530":       "2026-11-24T01:30:26.5Z",
		"2026-11-23T20:00:26+02":           "2026-11-23T18:00:26Z",
		"2026-11-23T20:00:26-00:00":        "2026-11-23T20:00:26Z",
		"2026-11-23T20:00:26+23:59":        "2026-11-22T20:01:26Z",
		"2016-12-31T23:59:60Z":             "2017-01-01T00:00:00Z",
		"2016-12-31T23:59:60.75Z":          "2017-01-01T00:00:00.75Z",
		"2017-01-01T00:59:60+01:00":        "2017-01-01T00:00:00Z",
		"2024-02-29T00:00:00Z":             "2024-02-29T00:00:00Z",
		"2000-02-29T12:00:00Z":             "2000-02-29T12:00:00Z",
		"1969-12-31T23:59:59.999Z":         "1969-12-31T23:59:59.999Z",
		"1700-01-01T00:00:00.000000001Z":   "1700-01-01T00:00:00.000000001Z",
	} {
		wanted, err := time.Parse(time.RFC3339Nano, want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseTime([]byte(text)); err != nil || got != wanted.UnixNano() {
			t.Errorf("ParseTime(%s) = %d, %v; want %d", text, got, err, wanted.UnixNano())
		}
	}
}

func TestParseTimeSyntax(t *testing.T) {
	for text, want := range map[string]error{
		"":                            errDate,
		"now":                         errDate,
		"1795464026":                  errDate,
		"2026/11/23T20:00:26Z":        errDate,
		"20261123T200026Z":            errDate,
		"+026-11-23T20:00:26Z":        errDate,
		"2o26-11-23T20:00:26Z":        errDate,
		" 2026-11-23T20:00:26Z":       errDate,
		"２０２６-11-23T20:00:26Z":        errDate,
		"2026-00-23T20:00:26Z":        errCalendar,
		"2026-13-23T20:00:26Z":        errCalendar,
		"2026-11-00T20:00:26Z":        errCalendar,
		"2026-11-31T20:00:26Z":        errCalendar,
		"2026-02-30T20:00:26Z":        errCalendar,
		"2026-02-29T20:00:26Z":        errCalendar,
		"1900-02-29T20:00:26Z":        errCalendar,
		"2026-11-23":                  errClock,
		"2026-11-23Z":                 errClock,
		"2026-11-23T20:00Z":           errClock,
		"2026-11-23T20:00:2":          errClock,
		"2026-11-23T9:00:26Z":         errClock,
		"2026-11-23_20:00:26Z":        errClock,
		"2026-11-23  20:00:26Z":       errClock,
		"2026-11-23T24:00:00Z":        errClock,
		"2026-11-23T20:60:00Z":        errClock,
		"2026-11-23T20:00:61Z":        errClock,
		"2026-11-23T20.00.26Z":        errClock,
		"2026-11-23T-1:00:26Z":        errClock,
		"2026-11-23T20:00:26.Z":       errFraction,
		"2026-11-23T20:00:26.":        errFraction,
		"2026-11-23T20:00:26,+02:00":  errFraction,
		"2026-11-23T20:00:26":         errZone,
		"2026-11-23T20:00:26.841":     errZone,
		"2026-11-23T20:00:26.8.4Z":    errZone,
		"2026-11-23T20:00:26 Z":       errZone,
		"2026-11-23T20:00:26Z ":       errZone,
		"2026-11-23T20:00:26ZZ":       errZone,
		"2026-11-23T20:00:26UTC":      errZone,
		"2026-11-23T20:00:26+2":       errZone,
		"2026-11-23T20:00:26+2:00":    errZone,
		"2026-11-23T20:00:26+24:00":   errZone,
		"2026-11-23T20:00:26+02:60":   errZone,
		"2026-11-23T20:00:26+0x:00":   errZone,
		"2026-11-23T20:00:26+02:0x":   errZone,
		"2026-11-23T20:00:26 02:00":   errZone,
		"2026-11-23T20:00:26+02:00:0": errZone,
	} {
		if got, err := ParseTime([]byte(text)); !errors.Is(err, want) || !errors.Is(err, ErrTimeSyntax) {
			t.Errorf("ParseTime(%q) = %d, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseTimeRange(t *testing.T) {
	for text, want := range map[string]int64{
		"1677-09-21T00:12:43.145224192Z":      math.MinInt64,
		"1677-09-21T00:12:43.145224193Z":      math.MinInt64 + 1,
		"1677-09-21T00:12:44Z":                -9223372036000000000,
		"2262-04-11T23:47:16.854775807Z":      math.MaxInt64,
		"2262-04-11T23:47:16.8547758079Z":     math.MaxInt64,
		"2262-04-12T01:47:16.854775807+02:00": math.MaxInt64,
	} {
		if got, err := ParseTime([]byte(text)); err != nil || got != want {
			t.Errorf("ParseTime(%s) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"1677-09-21T00:12:43.145224191Z", "1677-09-21T00:12:42.999999999Z", "1677-09-20T23:12:43.2+01:00",
		"2262-04-11T23:47:16.854775808Z", "2262-04-11T23:47:17Z", "2262-04-11T23:47:16.9Z", "0000-01-01T00:00:00Z",
		"0000-02-29T00:00:00+23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60-23:59",
	} {
		if got, err := ParseTime([]byte(text)); !errors.Is(err, ErrTimeRange) || errors.Is(err, ErrTimeSyntax) {
			t.Errorf("ParseTime(%s) = %d, %v; want ErrTimeRange", text, got, err)
		}
	}
}

func TestAppendTime(t *testing.T) {
	for want, nanoseconds := range map[string]int64{
		"1970-01-01T00:00:00.000Z":       0,
		"1970-01-01T00:00:00.000000001Z": 1,
		"1970-01-01T00:00:00.000001Z":    1_000,
		"1970-01-01T00:00:00.001Z":       1_000_000,
		"1969-12-31T23:59:59.999Z":       -1_000_000,
		"1969-12-31T23:59:59.999999999Z": -1,
		"2026-11-23T20:00:26.841Z":       1795464026841000000,
		"2026-11-23T20:00:26.841200Z":    1795464026841200000,
		"1677-09-21T00:12:43.145224192Z": math.MinInt64,
		"2262-04-11T23:47:16.854775807Z": math.MaxInt64,
	} {
		if got := string(AppendTime([]byte("at "), nanoseconds)); got != "at "+want {
			t.Errorf("AppendTime(%d) = %s, want %s", nanoseconds, got, want)
		}
	}
}

// TestTimeRoundTrip: any time is printed as package time prints it, and read back to the same.
func TestTimeRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		nanoseconds := int64(random.Uint64())
		switch random.IntN(4) {
		case 0:
			nanoseconds -= nanoseconds % 1_000
		case 1:
			nanoseconds -= nanoseconds % 1_000_000
		case 2:
			nanoseconds >>= random.IntN(64)
		}
		checkRoundTrip(t, nanoseconds)
	}
}

func checkRoundTrip(t *testing.T, nanoseconds int64) {
	t.Helper()
	printed := AppendTime(nil, nanoseconds)
	if again, err := ParseTime(printed); err != nil || again != nanoseconds {
		t.Fatalf("%d is printed as %s and read as %d, %v", nanoseconds, printed, again, err)
	}
	layout := "2006-01-02T15:04:05.000000000Z"[:len(printed)-1] + "Z"
	if want := time.Unix(0, nanoseconds).UTC().Format(layout); string(printed) != want {
		t.Fatalf("%d is printed as %s, want %s", nanoseconds, printed, want)
	}
}

// TestEveryDay: all days of the years 0 to 9999, against package time.
func TestEveryDay(t *testing.T) {
	day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for ; day.Year() < 10_000; day = day.AddDate(0, 0, 1) {
		year, month, date := int64(day.Year()), int64(day.Month()), int64(day.Day())
		days := daysToDate(year, month, date)
		if want := floorDivide(day.Unix(), secondsPerDay); days != want {
			t.Fatalf("%s is day %d, want %d", day, days, want)
		}
		if y, m, d := dateOfDays(days); y != year || m != month || d != date {
			t.Fatalf("day %d is %d-%d-%d, want %s", days, y, m, d, day)
		}
	}
}

func TestTimesDoNotAllocate(t *testing.T) {
	good, bad, far := []byte("2026-11-23T20:00:26.841Z"), []byte("yesterday"), []byte("0001-01-01T00:00:00Z")
	buffer := make([]byte, 0, 64)
	allocations := testing.AllocsPerRun(100, func() {
		nanoseconds, err := ParseTime(good)
		if err != nil {
			t.Fatal(err)
		}
		buffer = AppendTime(buffer[:0], nanoseconds)
		_, errBad := ParseTime(bad)
		_, errFar := ParseTime(far)
		if errBad == nil || errFar == nil {
			t.Fatal("no error")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// checkTimeParser compares a TimeParser with ParseTime, whatever of the same minute it has read before.
func checkTimeParser(t *testing.T, text string) {
	t.Helper()
	want, wantErr := ParseTime([]byte(text))
	var parser TimeParser
	minute := text[:min(len(text), minuteLength)]
	for _, before := range []string{"", text, minute + ":00Z", minute + ":59.999999999Z", minute + ":60.5Z", minute + ":30+02:00"} {
		_, _ = parser.Parse([]byte(before))
		if got, err := parser.Parse([]byte(text)); got != want || !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
			t.Fatalf("behind %q, Parse(%q) = %d, %v; want %d, %v", before, text, got, err, want, wantErr)
		}
	}
}

func TestTimeParser(t *testing.T) {
	for _, text := range []string{
		"2026-11-23T20:00:26.841Z", "2026-11-23t20:00:26.841z", "2026-11-23 20:00:26Z", "2026-11-23T20:00:26,5Z",
		"2026-11-23T20:00:26.1234567891Z", "2026-11-23T20:00:26.Z", "2026-11-23T20:00:61Z", "2026-11-23T20:00:26", "2026-11-23T20:00:2",
		"2026-11-23T20:00:26+02:00", "2026-11-23T20:00:26.5ZZ", "2026-11-23T20:00-26Z", "2026-11-23T20:00:x6Z", "2016-12-31T23:59:60Z",
		"1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775807Z",
		"2262-04-11T23:47:16.854775808Z", "0001-01-01T00:00:00Z", strings.Repeat("\x00", 16) + ":00Z",
	} {
		checkTimeParser(t, text)
	}
}

// FuzzParseTime compares with package time: what that accepts is accepted here with the same result, but for the
// quirks in quirkOfPackageTime; what is accepted here and not there is one of the forms that ParseTime documents.
func FuzzParseTime(f *testing.F) {
	for _, text := range []string{
		"2026-11-23T20:00:26.841Z", "2026-11-23t20:00:26,5+0200", "1677-09-21T00:12:43.145224192Z", "2016-12-31T23:59:60Z",
		"2024-02-29 00:00:00-05", "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T20:00:26+24:00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTime([]byte(text))
		if err == nil {
			checkRoundTrip(t, got)
		}
		checkTimeParser(t, text)
		plain, leap := plainTime(text)
		want, errTime := time.Parse(time.RFC3339Nano, plain)
		want = want.Add(leap)
		switch {
		case errTime != nil && !errors.Is(err, ErrTimeSyntax):
			t.Fatalf("ParseTime(%q) = %d, %v; but package time: %v", text, got, err, errTime)
		case errTime != nil || quirkOfPackageTime(text):
		case want.Before(time.Unix(0, math.MinInt64)) || want.After(time.Unix(0, math.MaxInt64)):
			if !errors.Is(err, ErrTimeRange) {
				t.Fatalf("ParseTime(%q) = %d, %v; want ErrTimeRange", text, got, err)
			}
		case err != nil || got != want.UnixNano():
			t.Fatalf("ParseTime(%q) = %d, %v; want %d", text, got, err, want.UnixNano())
		}
	})
}

// plainTime rewrites the forms that ParseTime takes beyond RFC 3339 as package time knows them. A leap second becomes
// the second before it, and what is to be added again.
func plainTime(text string) (string, time.Duration) {
	if len(text) < dateLength+clockLength {
		return text, 0
	}
	date, clock, rest := text[:dateLength], text[dateLength:dateLength+clockLength], text[dateLength+clockLength:]
	if clock[0] == 't' || clock[0] == ' ' {
		clock = "T" + clock[1:]
	}
	leap := time.Duration(0)
	if before, is := strings.CutSuffix(clock, ":60"); is {
		clock, leap = before+":59", time.Second
	}
	return date + clock + plainZone(rest), leap
}

func plainZone(rest string) string {
	if before, is := strings.CutSuffix(rest, "z"); is {
		return before + "Z"
	}
	sign := strings.LastIndexAny(rest, "+-")
	switch {
	case sign >= 0 && len(rest)-sign == len("+02"):
		return rest + ":00"
	case sign >= 0 && len(rest)-sign == len("+0200"):
		return rest[:sign+3] + ":" + rest[sign+3:]
	default:
		return rest
	}
}

// quirkOfPackageTime tells whether package time is known to accept more than RFC 3339 here: an hour of one digit, and
// offsets of 24 hours or 60 minutes.
func quirkOfPackageTime(text string) bool {
	if len(text) < dateLength+clockLength || text[dateLength+3] != ':' {
		return true
	}
	zone := plainZone(text[dateLength+clockLength:])
	sign := strings.LastIndexAny(zone, "+-")
	return sign >= 0 && (strings.HasPrefix(zone[sign+1:], "24") || strings.HasSuffix(zone, ":60"))
}
