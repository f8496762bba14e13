package config

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"500ms":    500 * time.Millisecond,
		"1s":       time.Second,
		"1m30s":    90 * time.Second,
		"0":        0,
		"1.5h":     90 * time.Minute,
		"7d":       7 * day,
		"1d12h":    36 * time.Hour,
		"0d1ns":    1,
		"-1s":      -time.Second,
		"1us":      time.Microsecond,
		"100000ns": 100 * time.Microsecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, meant := range map[string]string{
		"":      "",
		"soon":  "",
		"5":     "5s",
		"0.5":   "0.5s",
		"1 s":   "",
		"d":     "",
		"-1d":   "",
		"+1d":   "",
		"1.5d":  "",
		"1h1d":  "",
		"1d-1s": "",
		"1d1d":  "",
	} {
		_, err := parseDuration(text)
		var wrong *misfit
		if !errors.As(err, &wrong) || wrong.meant != meant {
			t.Errorf("parseDuration(%q): %v, want a misfit that means %q", text, err, meant)
		}
	}
	if _, err := parseDuration("200000d"); !errors.Is(err, errDurationRange) {
		t.Errorf("parseDuration of 200000 days: %v, want errDurationRange", err)
	}
}

func TestFormatDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0:                              "0s",
		time.Second:                    "1s",
		5 * time.Minute:                "5m",
		2 * time.Hour:                  "2h",
		90 * time.Minute:               "1h30m",
		20*time.Minute + 10*1e9:        "20m10s",
		31 * day:                       "31d",
		36 * time.Hour:                 "36h",
		1500 * time.Microsecond:        "1.5ms",
		10*time.Hour + time.Nanosecond: "10h0m0.000000001s",
	} {
		if got := formatDuration(duration); got != want {
			t.Errorf("formatDuration(%d) = %q, want %q", duration, got, want)
		}
	}
}

func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(31*day)).Draw(t, "duration"))
		if got, err := parseDuration(formatDuration(want)); err != nil || got != want {
			t.Fatalf("%v became %q became %v, %v", want, formatDuration(want), got, err)
		}
	})
}
