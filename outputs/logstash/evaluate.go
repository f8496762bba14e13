package logstash

import (
	"strconv"

	"github.com/logboom/logboom/event"
)

// Append appends what the text with an index says about the event that values were scanned from.
func (t *Templates) Append(dst []byte, index int, values *Values) []byte {
	return appendSteps(dst, t.programs[index], values)
}

func appendSteps(dst []byte, steps []step, values *Values) []byte {
	for i := range steps {
		switch s := &steps[i]; s.kind {
		case partLiteral:
			dst = append(dst, s.text...)
		case partDate:
			dst = s.date.appendDate(dst, values.time)
		case partEpoch:
			dst = strconv.AppendInt(dst, values.time.Unix(), 10)
		case partArrival:
			dst = event.AppendTime(dst, values.origin.Arrival)
		case partField:
			dst = s.appendField(dst, values)
		}
	}
	return dst
}

// appendField appends the value of a field, with what the settings add to it, or the reference as it is written.
func (s *step) appendField(dst []byte, values *Values) []byte {
	dst, has := s.appendValue(dst, values)
	for _, added := range s.added {
		if has {
			dst = append(dst, ',')
		}
		dst, has = appendSteps(dst, added, values), true
	}
	if !has {
		dst = append(dst, s.text...)
	}
	return dst
}

func (s *step) appendValue(dst []byte, values *Values) ([]byte, bool) {
	switch s.source {
	case sourceWritten:
		return appendValue(dst, values.written[s.index])
	case sourceTime:
		return event.AppendTime(dst, values.at), true
	case sourceWholeMetadata:
		return append(dst, values.whole...), values.whole != nil
	}
	if dst, has := s.appendOrigin(dst, values.origin); has {
		return dst, true
	}
	return appendValue(dst, values.metadata[s.index])
}

// appendOrigin appends what the origin says, if it says it.
func (s *step) appendOrigin(dst []byte, origin *Origin) ([]byte, bool) {
	if s.source == sourceRemoteIP && origin.RemoteIP.IsValid() {
		return origin.RemoteIP.Unmap().AppendTo(dst), true
	}
	peer := origin.TLS
	switch {
	case peer == nil:
		return dst, false
	case s.source == sourceTLSStatus && !peer.Verified:
		return append(dst, "unverified"...), true
	case s.source == sourceTLSStatus:
		return append(dst, "verified"...), true
	case !peer.Verified:
		return dst, false
	case s.source == sourceTLSVersion:
		return append(dst, peer.Version...), true
	case s.source == sourceTLSSubject:
		return append(dst, peer.Subject...), true
	case s.source == sourceTLSCipher:
		return append(dst, peer.Cipher...), true
	default:
		return dst, false
	}
}

func appendValue(dst []byte, value event.Value) ([]byte, bool) {
	switch value.Kind() {
	case event.Missing, event.Null:
		return dst, false
	case event.Array:
		return appendJoined(dst, value.Raw()), true
	default:
		return value.AppendText(dst), true
	}
}
