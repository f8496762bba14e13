package config

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0":          0,
		"1":          1,
		"512b":       512,
		"512kb":      512_000,
		"512kB":      512_000,
		"512KiB":     512 << 10,
		"16MiB":      16 << 20,
		"16 MiB":     16 << 20,
		"10GiB":      10 << 30,
		"1tb":        1_000_000_000_000,
		"1TIB":       1 << 40,
		"8388608TiB": math.MaxInt64,
		"-1":         -1,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for text, meant := range map[string]string{
		"":       "",
		"MiB":    "",
		"16m":    "16MiB",
		"10G":    "10GiB",
		"1x":     "",
		"1.5GiB": "",
		"1MiB2":  "",
		"ten":    "",
	} {
		_, err := parseSize(text)
		var wrong *misfit
		if !errors.As(err, &wrong) || wrong.meant != meant {
			t.Errorf("parseSize(%q): %v, want a misfit that means %q", text, err, meant)
		}
	}
}

func TestSizeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(0, math.MaxInt64>>40).Draw(t, "size") << rapid.IntRange(0, 40).Draw(t, "shift")
		if got, err := parseSize(formatSize(want)); err != nil || got != want {
			t.Fatalf("%d became %q became %d, %v", want, formatSize(want), got, err)
		}
	})
}
