package sinks

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// panicked is the error of a sink that panicked.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// guard calls f and returns its error; a panic in it is an error too, for one broken sink must not end the process.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, stack: debug.Stack()}
		}
	}()
	return f()
}

// stackOf returns the stack of the panic behind err, or nil.
func stackOf(err error) []byte {
	var p *panicked
	if errors.As(err, &p) {
		return p.stack
	}
	return nil
}
