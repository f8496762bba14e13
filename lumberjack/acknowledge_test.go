package lumberjack

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A blocked handler gets its client an "A 0" every five seconds, and one final acknowledgement when it returns.
func TestHeartbeatWhileTheHandlerWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server, client := startPipe(t, func(context.Context, *Batch) error {
			<-release
			return nil
		}, Options{})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		begun := time.Now()
		for beat := 1; beat <= 100; beat++ {
			expect(t, client, ack(0))
			if at := time.Since(begun); at != time.Duration(beat)*DefaultHeartbeat {
				t.Fatalf("heartbeat %d after %v", beat, at)
			}
		}
		close(release)
		expect(t, client, ack(1))
		expectSilence(t, client, time.Minute)
		if stats := server.Stats(); stats.Heartbeats != 100 || stats.Acknowledgements != 1 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestHeartbeatFromTheWindowFrameOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		_, client := startPipe(t, got.handle, Options{})
		expectSilence(t, client, time.Minute)
		send(t, client, windowFrame(1))
		expect(t, client, ack(0), ack(0))
		send(t, client, jsonFrame(1, `{}`))
		expect(t, client, ack(1))
		expectSilence(t, client, time.Minute)
	})
}

func TestHeartbeatInTheVersionOfTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got collector
		_, client := startPipe(t, got.handle, Options{})
		send(t, client, numbered('1', 'W', 1))
		expect(t, client, numbered('1', 'A', 0))
		send(t, client, windowFrame(1))
		expect(t, client, ack(0))
	})
}

// Clients that can't be written to are gone, and their handler learns it.
func TestFailedHeartbeatCancelsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cancelled atomic.Bool
		server, client := startPipe(t, func(ctx context.Context, _ *Batch) error {
			<-ctx.Done()
			cancelled.Store(true)
			return ctx.Err()
		}, Options{})
		send(t, client, windowFrame(1), jsonFrame(1, `{}`))
		begun := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if !cancelled.Load() || server.Stats().Lost != 1 || server.Stats().HandlerErrors != 0 {
			t.Errorf("after %v: cancelled %v, %+v", time.Since(begun), cancelled.Load(), server.Stats())
		}
	})
}

func TestFailedHeartbeatEndsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := startPipe(t, new(collector).handle, Options{Timeouts: Timeouts{Read: time.Hour}})
		send(t, client, windowFrame(1))
		time.Sleep(DefaultHeartbeat + DefaultWriteTimeout + time.Second)
		synctest.Wait()
		if stats := server.Stats(); stats.Connections != 0 || stats.Lost != 1 {
			t.Errorf("%+v", stats)
		}
	})
}

// The final acknowledgement and the heartbeat are due at the same instant, over and over: never a heartbeat after the
// final one, and never one torn by the other.
func TestHeartbeatNeverFollowsTheFinalACK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		a := acknowledger{
			conn: server, timeout: time.Minute, interval: time.Second, counters: new(counters), broken: func(error) {},
		}
		const windows = 500
		go func() {
			for range windows {
				a.begin(Version2)
				time.Sleep(time.Second)
				a.complete()
				_ = a.finish(Version2, 7)
			}
			a.stop()
			_ = server.Close()
		}()
		finals, beats := 0, 0
		for frame := make([]byte, ackFrameSize); ; {
			if _, err := io.ReadFull(client, frame); err != nil {
				break
			}
			switch string(frame) {
			case string(ack(0)):
				beats++
			case string(ack(7)):
				finals, beats = finals+1, 0
			default:
				t.Fatalf("torn frame %q", frame)
			}
			if beats > 1 {
				t.Fatalf("%d heartbeats in a window of one second", beats)
			}
		}
		if finals != windows || beats != 0 {
			t.Errorf("%d final acknowledgements, then %d heartbeats", finals, beats)
		}
	})
}

// expectSilence reads nothing for a while.
func expectSilence(t *testing.T, client net.Conn, while time.Duration) {
	t.Helper()
	if err := client.SetReadDeadline(time.Now().Add(while)); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatalf("read %d bytes and %v, want none", n, err)
	}
	if err := client.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
}
