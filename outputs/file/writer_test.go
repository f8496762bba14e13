package file

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/outputtest"
)

// pipe is a writer that can fail, take a part, and hang.
type pipe struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
	broken bool
	random int // writes until one is taken in part; 0 for never
	hangs  chan struct{}
	waits  bool
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if hangs := p.hangs; hangs != nil {
		p.waits = true
		p.mutex.Unlock()
		<-hangs
		p.mutex.Lock()
	}
	if p.broken {
		return 0, errors.New("broken pipe")
	}
	if p.random > 0 && p.buffer.Len()%p.random == 0 {
		written, _ := p.buffer.Write(b[:len(b)*2/3])
		return written, errors.New("no space left on device")
	}
	return p.buffer.Write(b)
}

func (p *pipe) change(change func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	change()
}

// lines returns the whole lines.
func (p *pipe) lines(t *testing.T) (lines [][]byte) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, line := range split(bytes.Clone(p.buffer.Bytes())) {
		if bytes.HasSuffix(line, []byte("}")) && bytes.HasPrefix(line, []byte("{")) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestWriterConforms(t *testing.T) {
	outputtest.Run(t, func(*testing.T) outputtest.Fixture {
		var p pipe
		return outputtest.Fixture{
			Open:     func(*testing.T) outputs.Output { return NewWriter(&p) },
			Received: p.lines,
			Fail:     func(*testing.T) { p.change(func() { p.broken = true }) },
			Mend:     func(*testing.T) { p.change(func() { p.broken, p.random = false, 0 }) },
			Stumble:  func(*testing.T) { p.change(func() { p.random = 3 }) },
			Hang: func(t *testing.T) func() bool {
				hangs := make(chan struct{})
				t.Cleanup(func() { close(hangs) })
				p.change(func() { p.hangs = hangs })
				return func() (waits bool) {
					p.change(func() { waits = p.waits })
					return waits
				}
			},
			Ordered: true, OnceAfterFailures: true,
		}
	})
}

var _ io.Writer = (*pipe)(nil)
