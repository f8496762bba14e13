package logstash

import (
	"bytes"

	"github.com/logboom/logboom/event"
)

// decideTimestamp parses @timestamp. The text that nearly all Beats send, with three digits, is as Logstash writes it:
// it is left where it stands. A leap second (:60) is not.
func (x *edit) decideTimestamp() {
	value := x.value(nameTimestamp)
	if len(value) == len(`"2006-01-02T15:04:05.000Z"`) && value[0] == '"' {
		nanoseconds, err := event.ParseTime(value[1 : len(value)-1])
		if err == nil && value[11] == 'T' && value[20] == '.' && value[24] == 'Z' && value[18] != '6' {
			x.found.Time = nanoseconds
			return
		}
	}
	x.replaced[nameTimestamp] = true
	x.found.Time = x.timeOf(value)
}

// timeOf returns the time that a value of @timestamp means.
func (x *edit) timeOf(value []byte) int64 {
	if !x.present(nameTimestamp) {
		x.found.Marks |= TimeMissing
		return x.origin.Arrival
	}
	if value[0] == '"' {
		text := value[1 : len(value)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			text = appendUnescaped(nil, text)
		}
		if nanoseconds, err := event.ParseTime(text); err == nil {
			return nanoseconds
		}
	}
	x.found.Marks |= TimeInvalid
	return x.origin.Arrival
}

func (x *edit) appendTimestamp(dst []byte) []byte {
	if x.replaced[nameTimestamp] {
		dst = append(comma(dst), `"@timestamp":"`...)
		dst = append(event.AppendTime(dst, x.found.Time), '"')
	}
	if x.replaced[nameInvalidTimestamp] {
		dst = append(comma(dst), `"_@timestamp":`...)
		dst = append(dst, x.value(nameTimestamp)...)
	}
	return dst
}
