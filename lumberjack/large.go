package lumberjack

const (
	// largeEvent is from which size on an event gets a buffer to itself, so that no room is lost at the end of others.
	largeEvent = 256 << 10
	// trustedClaim is how much memory a claimed length gets at once. What is longer gets its memory as its bytes arrive,
	// each time twice as much, so that a header alone costs nothing. It is more than the compressed frame of 10,000 events.
	trustedClaim = 1 << 20
)

// receive reads size bytes into a buffer of their own, which belongs to the caller. full reads until what it is given is
// full.
func receive(memory *memory, size int, full func([]byte) error) (*buffer, error) {
	into, err := memory.exactly(min(size, trustedClaim))
	if err != nil {
		return nil, err
	}
	for have := 0; ; {
		if err := full(into.bytes[have:]); err != nil {
			memory.put(into)
			return nil, err
		}
		if have = len(into.bytes); have == size {
			return into, nil
		}
		if into, err = enlarge(memory, into, min(size, 2*have)); err != nil {
			return nil, err
		}
	}
}

// enlarge moves what a buffer holds to a larger one.
func enlarge(memory *memory, full *buffer, size int) (*buffer, error) {
	defer memory.put(full)
	larger, err := memory.exactly(size)
	if err != nil {
		return nil, err
	}
	copy(larger.bytes, full.bytes)
	return larger, nil
}
