package lumberjack

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// later is a Handler whose windows are safe when the test says so, by number from 0.
type later struct {
	handled chan int
	safe    [8]chan error
	count   int
}

func newLater() *later {
	l := &later{handled: make(chan int, 8)}
	for i := range l.safe {
		l.safe[i] = make(chan error, 1)
	}
	return l
}

func (l *later) handle(ctx context.Context, batch *Batch) error {
	number := l.count
	l.count++
	l.handled <- number
	batch.Wait = func() error {
		select {
		case err := <-l.safe[number]:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Filebeat sends the next window before it has the acknowledgement of the last one. It is read and handled meanwhile, and
// acknowledged in its turn.
func TestWindowsAreHandledWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLater()
		server, client := startPipe(t, l.handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for sequence := range uint32(4) {
				send(t, client, windowFrame(1), jsonFrame(sequence+1, `{}`))
			}
		}()
		synctest.Wait()
		if handled := len(l.handled); handled != mostUnanswered {
			t.Fatalf("%d windows were handled, want %d", handled, mostUnanswered)
		}
		l.safe[1] <- nil
		expectSilence(t, client, time.Second)
		l.safe[0] <- nil
		expect(t, client, ack(1), ack(2))
		synctest.Wait()
		if handled := len(l.handled); handled != 4 {
			t.Fatalf("%d windows were handled, want 4", handled)
		}
		l.safe[2] <- nil
		expect(t, client, ack(3))
		l.safe[3] <- nil
		expect(t, client, ack(4))
		<-sent
		synctest.Wait()
		if stats := server.Stats(); stats.Windows != 4 || stats.Acknowledgements != 4 || stats.BytesInFlight != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// What came behind a window that failed is not acknowledged, even where it is safe: the client sends it again.
func TestNothingIsAcknowledgedBehindAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLater()
		server, client := startPipe(t, l.handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		send(t, client, windowFrame(1), jsonFrame(2, `{}`))
		synctest.Wait()
		l.safe[1] <- nil
		l.safe[0] <- errRefused
		expectEnd(t, client)
		synctest.Wait()
		stats := server.Stats()
		if stats.Windows != 0 || stats.HandlerErrors != 1 || stats.Connections != 0 || stats.BytesInFlight != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// A connection whose client is in the middle of a window ends at once where an earlier window failed.
func TestFailureEndsTheWindowThatIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLater()
		server, client := startPipe(t, l.handle, Options{Timeouts: Timeouts{Heartbeat: time.Hour}})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`), windowFrame(2), jsonFrame(1, `{}`))
		synctest.Wait()
		begun := time.Now()
		l.safe[0] <- errRefused
		expectEnd(t, client)
		synctest.Wait()
		if stats := server.Stats(); stats.HandlerErrors != 1 || stats.Connections != 0 || time.Since(begun) > time.Second {
			t.Errorf("after %v: %+v", time.Since(begun), stats)
		}
	})
}

// Heartbeats go on as long as a window waits, also beyond the idle timeout and where the client sends no more.
func TestWaitingIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLater()
		_, client := startPipe(t, l.handle, Options{Timeouts: Timeouts{Idle: 12 * time.Second}})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		for range 20 {
			expect(t, client, ack(0))
		}
		l.safe[0] <- nil
		expect(t, client, ack(1))
		begun := time.Now()
		expectEnd(t, client)
		if idle := time.Since(begun); idle > 12*time.Second {
			t.Errorf("closed after %v", idle)
		}
	})
}

// Shutdown waits for what was handled and is not safe yet.
func TestShutdownWaitsForAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLater()
		server, client := startPipe(t, l.handle, Options{})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- server.Shutdown(context.Background()) }()
		synctest.Wait()
		l.safe[0] <- nil
		expect(t, client, ack(1))
		expectEnd(t, client)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// Where the client is gone, the context of what still waits ends.
func TestLostClientEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		server, client := startPipe(t, func(ctx context.Context, batch *Batch) error {
			batch.Wait = func() error {
				<-ctx.Done()
				ended <- ctx.Err()
				return ctx.Err()
			}
			return nil
		}, Options{})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		_ = client.Close()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		if stats := server.Stats(); stats.Lost != 1 || stats.HandlerErrors != 0 || stats.Connections != 0 {
			t.Errorf("%+v", stats)
		}
	})
}
