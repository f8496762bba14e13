package event

// AppendTime appends a time, given in nanoseconds since 1970-01-01T00:00:00Z, as RFC 3339 in UTC and returns the
// extended slice. The fraction has 3, 6 or 9 digits, the fewest that lose nothing, as Logstash prints @timestamp:
// 2023-03-01T10:00:00.120Z. [ParseTime] reads it back to the same number.
func AppendTime(dst []byte, nanoseconds int64) []byte {
	seconds := floorDivide(nanoseconds, nanosecondsPerSecond)
	nanosecond := nanoseconds - seconds*nanosecondsPerSecond // wraps and wraps back in the first second of the range
	days := floorDivide(seconds, secondsPerDay)
	second := seconds - days*secondsPerDay
	year, month, day := dateOfDays(days)

	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), month, 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), second/3600, 2)
	dst = appendDigits(append(dst, ':'), second/60%60, 2)
	dst = appendDigits(append(dst, ':'), second%60, 2)
	dst = appendFraction(append(dst, '.'), nanosecond)
	return append(dst, 'Z')
}

func appendFraction(dst []byte, nanosecond int64) []byte {
	switch {
	case nanosecond%1_000_000 == 0:
		return appendDigits(dst, nanosecond/1_000_000, 3)
	case nanosecond%1_000 == 0:
		return appendDigits(dst, nanosecond/1_000, 6)
	default:
		return appendDigits(dst, nanosecond, 9)
	}
}

// appendDigits appends the last digits of a number, with zeros in front if it has fewer.
func appendDigits(dst []byte, number int64, digits int) []byte {
	end := len(dst) + digits
	for range digits {
		dst = append(dst, '0')
	}
	for i := end - 1; number > 0 && i >= end-digits; i-- {
		dst[i] = byte('0' + number%10)
		number /= 10
	}
	return dst
}
