package lumberjack

import (
	"strings"
	"testing"
)

func TestBufferClasses(t *testing.T) {
	for _, test := range []struct{ size, class, rounded int }{
		{0, 0, 16 << 10},
		{1, 0, 16 << 10},
		{16 << 10, 0, 16 << 10},
		{16<<10 + 1, 1, 32 << 10},
		{1 << 20, 6, 1 << 20},
		{4 << 20, 8, 4 << 20},
		{4<<20 + 1, bufferClasses, 4<<20 + 1},
	} {
		if class, rounded := bufferClass(test.size); class != test.class || rounded != test.rounded {
			t.Errorf("%d bytes are of class %d, %d bytes", test.size, class, rounded)
		}
	}
}

// A buffer that was made to measure is not handed out as one of the next class.
func TestPoolKeepsClassesOnly(t *testing.T) {
	pool := new(bufferPool)
	class, rounded := bufferClass(300_000)
	for range 100 {
		pool.put(&buffer{bytes: make([]byte, 300_000)})
		if got := pool.get(class, rounded); len(got.bytes) != rounded {
			t.Fatalf("%d bytes instead of %d", len(got.bytes), rounded)
		}
	}
}

// An event that outgrows the buffer that it began in leaves nothing behind in the budget.
func TestOutgrownBuffersAreGivenBack(t *testing.T) {
	reader := newReading()
	reader.source.Reset(append(windowFrame(1), compressedFrame('2', jsonFrame(1, strings.Repeat("x", 200_000)))...))
	window, err := reader.read()
	if err != nil {
		t.Fatal(err)
	}
	if held, want := reader.budget.held.Load(), int64(256<<10+eventsAtOnce*eventCost); held != want {
		t.Errorf("%d bytes are held, want %d", held, want)
	}
	window.release()
	if held := reader.budget.held.Load(); held != 0 {
		t.Errorf("%d bytes are held at the end", held)
	}
}
