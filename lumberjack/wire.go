package lumberjack

// wire is the frameSource that is the connection itself.
type wire struct {
	input  *input
	window *window
}

// next is part of frameSource.
func (w *wire) next(size int) ([]byte, error) { return w.input.next(size) }

// skip is part of frameSource.
func (w *wire) skip(size int64) error { return w.input.skip(size) }

// keep is part of frameSource.
func (w *wire) keep(size int) ([]byte, error) {
	w.window.received(int64(size))
	if err := w.window.mayKeep(int64(size)); err != nil {
		return nil, err
	}
	if size > largeEvent {
		return w.window.keepLarge(size, w.input.full)
	}
	space, err := w.window.arena.allocate(size)
	if err != nil {
		return nil, err
	}
	return space, w.input.full(space)
}
