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
)

// AppendBinary appends the window as bytes and returns the extended slice. The form is a flags byte, then varints: the
// length, M, the time of the newest merged run, the number of runs, and for each run its distance from the one before
// and its count.
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
	to = append(to, flags)
	to = binary.AppendVarint(to, w.length)
	to = binary.AppendVarint(to, w.max)
	to = binary.AppendVarint(to, merged)
	to = binary.AppendUvarint(to, uint64(w.Runs()))
	var before int64
	for item := range w.all() {
		to = binary.AppendVarint(to, item.time-before)
		to = binary.AppendUvarint(to, item.count)
		before = item.time
	}
	return to
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
	size := in.Uvarint()
	if in.Failed || size > uint64(len(in.Bytes)) || w.length <= 0 || (flags&flagSeen != 0) != (size > 0) {
		return Window{}, nil, ErrState
	}
	var item run
	for i := range size {
		before := item.time
		item = run{before + in.Varint(), in.Uvarint()}
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
