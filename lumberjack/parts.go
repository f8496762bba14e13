package lumberjack

// keepPart keeps the compressed frame that the events from before on came of, unless they are of version 1, and says
// whether it does.
func (w *window) keepPart(payload *buffer, length, before int) bool {
	count := len(w.events) - before
	if count == 0 || w.version != Version2 {
		return false
	}
	w.bareParts(before)
	w.parts = append(w.parts, Part{Count: count, Zlib: payload.bytes[:length:length]})
	w.payloads = append(w.payloads, payload)
	return true
}

// bareParts makes all events before the given number that are in no part yet one that is not compressed.
func (w *window) bareParts(before int) {
	for _, part := range w.parts {
		before -= part.Count
	}
	if before > 0 {
		w.parts = append(w.parts, Part{Count: before})
	}
}
