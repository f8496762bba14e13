package lumberjack

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// Windows under way are finished and acknowledged, then comes FIN; idle connections end at once, and nobody new is taken.
func TestShutdownFinishesWindows(t *testing.T) {
	release, handling := make(chan struct{}), make(chan struct{}, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := New(func(context.Context, *Batch) error {
		handling <- struct{}{}
		<-release
		return nil
	}, Options{})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	at := &running{server, listener.Addr().String()}
	idle, busy, halfway := at.dial(t), at.dial(t), at.dial(t)
	send(t, halfway, windowFrame(2), jsonFrame(1, `{}`))
	send(t, busy, windowFrame(1), jsonFrame(1, `{}`), windowFrame(1)) // the second one has not begun
	<-handling
	eventually(t, "two windows under way", func() bool {
		return server.Stats().BytesInFlight >= 2*(windowInput+smallestBuffer)
	})

	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(context.Background()) }()
	expectEnd(t, idle)
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if conn, err := net.Dial("tcp", at.addr); err == nil {
		_ = conn.Close()
		t.Error("still listening")
	}
	close(release)
	expect(t, busy, ack(1))
	expectEnd(t, busy)
	send(t, halfway, jsonFrame(2, `{}`))
	expect(t, halfway, ack(2))
	expectEnd(t, halfway)
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := server.Serve(listener); !errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		var cause error
		server := New(func(ctx context.Context, _ *Batch) error {
			<-ctx.Done()
			cause = ctx.Err()
			return cause
		}, Options{})
		go func() { _ = server.Serve(listener) }()
		client, stalled := listener.dial(), listener.dial()
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		send(t, stalled, windowFrame(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		begun := time.Now()
		if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("took %v", took)
		}
		expectEnd(t, client)
		expectEnd(t, stalled)
		if took := time.Since(begun); took != time.Second {
			t.Errorf("cut after %v", took)
		}
		synctest.Wait()
		if cause == nil {
			t.Error("the handler was not told")
		}
		if err := server.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown again: %v", err)
		}
	})
}

// A connection that waits for memory is cut too.
func TestShutdownWhileWaitingForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, new(collector).handle, Options{})
		hog := &reservation{budget: server.budget, ctx: context.Background()}
		if err := hog.take(server.budget.half); err != nil {
			t.Fatal(err)
		}
		send(t, client, windowFrame(1))
		synctest.Wait()
		if server.Stats().Waiting != 1 {
			t.Fatalf("%+v", server.Stats())
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err == nil {
			t.Error("Shutdown returned nil")
		}
		hog.settle(0)
		synctest.Wait()
		if stats := server.Stats(); stats.Waiting+stats.BytesInFlight+stats.Connections != 0 {
			t.Errorf("%+v", stats)
		}
	})
}
