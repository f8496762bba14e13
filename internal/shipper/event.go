package shipper

import (
	"strconv"
	"time"
)

// The members of an event whose order is random.
const (
	memberLog = iota
	memberMessage
	memberInput
	memberECS
	memberHost
	memberAgent
	membersOfEvent
)

// appendEvent is AppendEvent for a message of either kind of string, and for lines that were cut.
func appendEvent[S ~string | ~[]byte](
	a *Agent, dst []byte, at time.Time, path string, offset int64, message S, truncated bool,
) []byte {
	chance := a.random.Uint64() // enough for the 6! * 2 * 5! orders of one event
	order := shuffled[[membersOfEvent]uint8](&chance)
	dst = append(dst, a.beginning...)
	dst = a.appendDate(dst, at)
	dst = append(dst, '"', ',')
	dst = append(dst, a.middle...)
	for _, which := range order {
		dst = append(dst, ',')
		switch which {
		case memberLog:
			dst = a.appendLog(dst, path, offset, truncated, &chance)
		case memberMessage:
			dst = appendString(append(dst, `"message":`...), message)
		case memberInput:
			dst = append(dst, a.input...)
		case memberECS:
			dst = append(dst, a.ecs...)
		case memberHost:
			dst = append(dst, a.host...)
		case memberAgent:
			dst = a.appendIdentity(dst, &chance)
		}
	}
	return append(dst, '}')
}

// appendLog appends where the line stands. Of a line that was cut it says so in log.flags, as Filebeat does.
func (a *Agent) appendLog(dst []byte, path string, offset int64, truncated bool, chance *uint64) []byte {
	dst = append(dst, `"log":{`...)
	for i, which := range shuffled[[2]uint8](chance) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if which == 0 {
			dst = strconv.AppendInt(append(dst, `"offset":`...), offset, 10)
			continue
		}
		dst = append(a.appendPath(append(dst, `"file":{"path":`...), path), '}')
	}
	if truncated {
		dst = append(dst, `,"flags":["truncated"]`...)
	}
	return append(dst, '}')
}

// appendIdentity appends who sends.
func (a *Agent) appendIdentity(dst []byte, chance *uint64) []byte {
	dst = append(dst, `"agent":{`...)
	for i, which := range shuffled[[5]uint8](chance) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, a.identity[which]...)
	}
	return append(dst, '}')
}

// shuffled returns the numbers from 0 in an order that it takes from chance, which it uses up by the number of orders.
func shuffled[A [2]uint8 | [5]uint8 | [membersOfEvent]uint8](chance *uint64) A {
	var order A
	for i := range len(order) {
		among := uint64(i + 1)
		j := int(*chance % among)
		*chance /= among
		order[i] = order[j]
		order[j] = uint8(i)
	}
	return order
}
