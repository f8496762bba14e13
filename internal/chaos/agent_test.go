package chaos

import (
	"context"
	"math/rand/v2"
	"testing"
)

// An agent sends every line, whichever client it has, however often it is restarted and its connection is cut; and what it takes
// for acknowledged has arrived.
func TestAgentsSendEverything(t *testing.T) {
	for name, goLumber := range map[string]bool{"shipper": false, "go-lumber": true} {
		t.Run(name, func(t *testing.T) {
			streams := streamsOfTest()[:1]
			receiver, err := newLumberjackReceiver(newLedger("test", streams))
			if err != nil {
				t.Fatal(err)
			}
			defer receiver.close()
			before, err := newProxy("test", receiver.address)
			if err != nil {
				t.Fatal(err)
			}
			defer before.Stop()
			steps, err := newJournal(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			a := newAgent(streams[0], before.Listen, goLumber, rand.New(rand.NewPCG(1, 2)), steps)
			a.window = 10
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				a.run(context.Background())
			}()
			isDone := func() bool { return int(a.acknowledged.Load()) == len(streams[0].lines) } // on a busy machine, before it is restarted
			for n := range 3 {
				waitFor(t, "some lines", func() bool { return int(a.acknowledged.Load()) > 50*(n+1) })
				waitFor(t, "its connection", func() bool { return before.connections() == 1 || isDone() })
				if a.endLife() != 1 && !isDone() {
					t.Error("it is not there, and has more to send")
				}
				before.cut()
				if err := before.mend(); err != nil {
					t.Fatal(err)
				}
			}
			<-ended
			receiver.noted.mutex.Lock()
			defer receiver.noted.mutex.Unlock()
			c := receiver.noted.ledger.balance(1, nil)
			if int(a.acknowledged.Load()) != len(streams[0].lines) || c.Lost+c.Altered+c.Foreign > 0 {
				t.Errorf("%d of %d lines are acknowledged: %+v", a.acknowledged.Load(), len(streams[0].lines), c)
			}
			if a.endLife() != 0 {
				t.Error("it is there when all is done")
			}
		})
	}
}
