package window

import (
	"encoding/binary"
	"errors"
)

// ErrState is returned for bytes that AppendBinary did not write.
var ErrState = errors.New("window: damaged state")

// The flags byte in front of the binary form of a window and of an alert.
const (
	flagSeen byte = 1 << iota
	flagMerged
	flagActive
	flagApproximate
	flagEnded
	flagMilliseconds
)

// unit is what the distances of runs are written in where all times are whole milliseconds, as Filebeat's are.
const unit = 1e6

// AppendBinary appends the window as bytes and returns the extended slice. The form is a flags byte, then varints: the
// length, M, the time of the newest merged run, the number of runs, and for each run its distance from the one before
// and its count. A flag says that the distances are milliseconds, else they are nanoseconds.
func (w *Window) AppendBinary(to []byte) []byte {
	var flags byte
	var merged int64
	if w.Seen() {
		flags |= flagSeen
	}
	if w.Approximate() {
		flags |= flagMerged
		merged = w.mergedThrough
	}
	scale := int64(1)
	if w.inMilliseconds() {
		flags |= flagMilliseconds
		scale = unit
	}
	to = append(to, flags)
	to = binary.AppendVarint(to, w.length)
	to = binary.AppendVarint(to, w.max)
	to = binary.AppendVarint(to, merged)
	to = binary.AppendUvarint(to, uint64(w.Runs()))
	var before int64
	for item := range w.all() {
		at := item.time / scale
		to = binary.AppendVarint(to, at-before)
		to = binary.AppendUvarint(to, item.count)
		before = at
	}
	return to
}

// inMilliseconds tells whether all times are whole milliseconds.
func (w *Window) inMilliseconds() bool {
	for item := range w.all() {
		if item.time%unit != 0 {
			return false
		}
	}
	return true
}

// DecodeWindow reads what AppendBinary wrote and returns the window and the bytes behind it. It fails with ErrState, and
// takes no more memory than a small multiple of the input.
func DecodeWindow(from []byte) (Window, []byte, error) {
	in := Reader{Bytes: from}
	flags := in.Byte()
	var w Window
	w.length, w.max, w.mergedThrough = in.Varint(), in.Varint(), in.Varint()
	if flags&flagMerged == 0 {
		w.mergedThrough = nothingMerged
	}
	size, scale := in.Uvarint(), int64(1)
	if flags&flagMilliseconds != 0 {
		scale = unit
	}
	if in.Failed || size > uint64(len(in.Bytes)) || w.length <= 0 || (flags&flagSeen != 0) != (size > 0) {
		return Window{}, nil, ErrState
	}
	var item run
	for i := range size {
		before := item.time
		item = run{before + in.Varint()*scale, in.Uvarint()}
		if w.count += item.count; in.Failed || item.count == 0 || w.count < item.count || i > 0 && item.time <= before {
			return Window{}, nil, ErrState
		}
		if i < size-1 {
			w.runs.pushBack(item)
		}
	}
	if item.time != w.max {
		return Window{}, nil, ErrState
	}
	if w.latest, w.since = item.count, w.max; w.runs.size > 0 {
		w.since = w.runs.oldest().time
	}
	return w, in.Bytes, nil
}

// AppendBinary appends the alert as bytes and returns the extended slice: a flags byte, then the varints of start, peak
// and end.
func (a *Alert) AppendBinary(to []byte) []byte {
	var flags byte
	if a.state == Active {
		flags |= flagActive
	}
	if a.approximate {
		flags |= flagApproximate
	}
	if a.ended {
		flags |= flagEnded
	}
	to = append(to, flags)
	to = binary.AppendVarint(to, a.start)
	to = binary.AppendUvarint(to, a.peak)
	return binary.AppendVarint(to, a.end)
}

// DecodeAlert reads what AppendBinary wrote and returns the alert and the bytes behind it. It fails with ErrState.
func DecodeAlert(from []byte) (Alert, []byte, error) {
	in := Reader{Bytes: from}
	flags := in.Byte()
	a := Alert{approximate: flags&flagApproximate != 0, ended: flags&flagEnded != 0}
	if flags&flagActive != 0 {
		a.state = Active
	}
	a.start, a.peak, a.end = in.Varint(), in.Uvarint(), in.Varint()
	if in.Failed {
		return Alert{}, nil, ErrState
	}
	return a, in.Bytes, nil
}
