package delivery

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// panicked is the error of a receiver that panicked.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// Guard calls f and returns its error; a panic in it is an error too, for one broken receiver must not end the process.
func Guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value: value, stack: debug.Stack()}
		}
	}()
	return f()
}

// StackOf returns the stack of the panic behind err, or nil.
func StackOf(err error) []byte {
	var p *panicked
	if errors.As(err, &p) {
		return p.stack
	}
	return nil
}
