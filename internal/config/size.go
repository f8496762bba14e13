package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const sizeForm = "a size such as 512kB, 16MiB, 10GiB or a number of bytes"

// sizeUnits are in lower case: kB is 1000 bytes and KiB 1024.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// sizeSetting is a number of bytes from least to most.
func sizeSetting(target *int64, least, most int64) single[int64] {
	parse := func(text string) (int64, error) {
		size, err := parseSize(text)
		if err == nil && (size < least || size > most) {
			err = fmt.Errorf("is out of range: from %s to %s", formatSize(least), formatSize(most))
		}
		return size, err
	}
	show := func(size int64) *yaml.Node { return textNode(formatSize(size)) }
	return single[int64]{target: target, what: sizeForm, parse: parse, show: show}
}

// autoOrSizeSetting is a size, or auto, which is 0.
func autoOrSizeSetting(target *int64, least, most int64) single[int64] {
	setting := sizeSetting(target, least, most)
	parse, show := setting.parse, setting.show
	setting.what = "auto or " + sizeForm
	setting.parse = func(text string) (int64, error) {
		if text == "auto" || text == "0" {
			return 0, nil
		}
		return parse(text)
	}
	setting.show = func(size int64) *yaml.Node {
		if size == 0 {
			return textNode("auto")
		}
		return show(size)
	}
	return setting
}

// offOrSizeSetting is a size, or off, which is 0.
func offOrSizeSetting(target *int64, least, most int64) single[int64] {
	setting := sizeSetting(target, least, most)
	parse, show := setting.parse, setting.show
	setting.what = "off or " + sizeForm
	setting.parse = func(text string) (int64, error) {
		if text == "off" || text == "0" {
			return 0, nil
		}
		return parse(text)
	}
	setting.show = func(size int64) *yaml.Node {
		if size == 0 {
			return textNode("off")
		}
		return show(size)
	}
	return setting
}

// parseSize reads a whole number with an optional unit, in any case. What does not fit is math.MaxInt64.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	letters := strings.ToLower(text[len(digits):])
	unit, known := sizeUnits[letters]
	number, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !known {
		return 0, &misfit{meant: meantSize(digits, letters)}
	}
	if number > math.MaxInt64/unit {
		return math.MaxInt64, nil
	}
	return number * unit, nil
}

// meantSize completes the units that people leave half said.
func meantSize(digits, letters string) string {
	_, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !slices.Contains([]string{"k", "m", "g", "t"}, letters) {
		return ""
	}
	return digits + strings.ToUpper(letters) + "iB"
}

// formatSize is the inverse of parseSize, in the greatest binary unit that leaves no rest.
func formatSize(size int64) string {
	units := []string{"", "KiB", "MiB", "GiB", "TiB"}
	unit := 0
	for size != 0 && size%1024 == 0 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	return strconv.FormatInt(size, 10) + units[unit]
}
