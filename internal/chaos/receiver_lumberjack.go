package chaos

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/elastic/go-lumber/log"
	server "github.com/elastic/go-lumber/server/v2"
)

// lumberjackReceiver is go-lumber's server, which notes what it got before it acknowledges.
type lumberjackReceiver struct {
	address string
	server  *server.Server
	done    sync.WaitGroup
	noted   notes
}

func newLumberjackReceiver(l *ledger) (*lumberjackReceiver, error) {
	address := freeAddress()
	listener, err := net.Listen("tcp", address) //nolint:noctx // until close
	if err != nil {
		return nil, fmt.Errorf("listen for lumberjack: %w", err)
	}
	log.Logger = silent{} // one line a connection helps nobody here
	r := &lumberjackReceiver{address: address, noted: notes{ledger: l}}
	r.server, err = server.NewWithListener(listener, server.JSONDecoder(decodeRecord), server.Keepalive(2*time.Second))
	if err != nil {
		return nil, fmt.Errorf("serve lumberjack: %w", err)
	}
	r.done.Go(r.receive)
	return r, nil
}

func (r *lumberjackReceiver) receive() {
	for {
		batch := r.server.Receive()
		if batch == nil {
			return
		}
		now := time.Now()
		for _, event := range batch.Events {
			parsed, _ := event.(record) // what is none has no agent, which the ledger tells
			r.noted.add(parsed, now)
		}
		batch.ACK()
	}
}

// decodeRecord decodes what go-lumber would make a map of.
func decodeRecord(text []byte, into any) error {
	parsed, err := parseRecord(text)
	if err != nil {
		return err
	}
	*into.(*any) = parsed
	return nil
}

func (r *lumberjackReceiver) close() {
	_ = r.server.Close()
	r.done.Wait()
}

// notes is the ledger of a receiver in this process. It is safe for concurrent use.
type notes struct {
	mutex  sync.Mutex
	ledger *ledger
	events int
}

func (n *notes) add(got record, at time.Time) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.events++
	n.ledger.add(receipt{got, at})
}

func (n *notes) size() int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.events
}

// silent is a log of go-lumber that says nothing.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
func (silent) Print(...any)          {}
