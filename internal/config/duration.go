package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

const durationForm = "a duration such as 500ms, 1s, 5m"

// durationSetting is a duration from least to most.
func durationSetting(target *time.Duration, least, most time.Duration) single[time.Duration] {
	parse := func(text string) (time.Duration, error) {
		duration, err := parseDuration(text)
		if err == nil && (duration < least || duration > most) {
			err = errDurationRange
		}
		if errors.Is(err, errDurationRange) {
			err = fmt.Errorf("is out of range: from %s to %s", formatDuration(least), formatDuration(most))
		}
		return duration, err
	}
	show := func(duration time.Duration) *yaml.Node { return textNode(formatDuration(duration)) }
	return single[time.Duration]{target: target, what: durationForm, parse: parse, show: show}
}

// offOrDurationSetting is a duration up to most, or off, which is 0.
func offOrDurationSetting(target *time.Duration, most time.Duration) single[time.Duration] {
	setting := durationSetting(target, 0, most)
	parse, show := setting.parse, setting.show
	setting.what = "off or " + durationForm
	setting.parse = func(text string) (time.Duration, error) {
		if text == "off" {
			return 0, nil
		}
		return parse(text)
	}
	setting.show = func(duration time.Duration) *yaml.Node {
		if duration == 0 {
			return textNode("off")
		}
		return show(duration)
	}
	return setting
}

// errDurationRange is a duration that does not even fit a time.Duration.
var errDurationRange = errors.New("is out of range")

// parseDuration reads Go's notation, with days (7d, 1d12h) besides.
func parseDuration(text string) (time.Duration, error) {
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		return parseHours(text)
	}
	count, err := strconv.ParseUint(days, 10, 16)
	if errors.Is(err, strconv.ErrRange) || count > 100_000 {
		return 0, errDurationRange
	}
	if err != nil || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") {
		return 0, &misfit{}
	}
	if rest == "" {
		return time.Duration(count) * day, nil
	}
	hours, err := parseHours(rest)
	return time.Duration(count)*day + hours, err
}

func parseHours(text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err == nil {
		return duration, nil
	}
	wrong := &misfit{}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		wrong.meant = text + "s"
	}
	return 0, wrong
}

// formatDuration is the inverse of parseDuration, in the shortest form.
func formatDuration(duration time.Duration) string {
	if duration > 0 && duration%day == 0 {
		return strconv.FormatInt(int64(duration/day), 10) + "d"
	}
	text := duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
