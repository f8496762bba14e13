package compare

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"time"

	"github.com/logboom/logboom/internal/bench/load"
	"github.com/logboom/logboom/internal/bench/statistics"
)

// decisions is how long it takes from the last byte of a window that decides to the request that tells of it.
type decisions struct {
	latency statistics.Histogram
	rate    float64 // events a second that really came in beside
}

const (
	alerts         = 400
	decidingEvents = 10
	besides        = 100_000 // events a second on other connections
	pause          = 5 * time.Millisecond
)

// deciding is a rule that each deciding window fulfils for a key of its own, beside one that all other events go through.
const deciding = oneRule + `  - {name: deciding, where: host.name == "deciding", group_by: source.address, window: 10s, threshold: 10, idle: off}
`

// measureDecisions sends deciding windows over a connection of their own while others are busy, and waits for the alert of
// each.
func (h *harness) measureDecisions(ctx context.Context, pool, probe *load.Pool) (d *decisions, err error) {
	d = new(decisions)
	h.progress("%d alerts while %d events a second come in", alerts, besides)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for alerts: %w", err)
	}
	target := newReceiver(listener)
	defer target.close()
	settings := logboomOne
	settings.Name = "logboom, deciding"
	settings.configuration = "alerts: {elasticsearch: {hosts: [\"" + target.url + "\"], index: alerts, template: false}}\n" +
		deciding[len("alerts: {}\n"):]
	server, err := h.start(ctx, settings, probe)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	busy, stop := context.WithCancel(ctx)
	others := make(chan error, 1)
	go func() {
		rate, err := server.besides(busy, pool, several, besides)
		d.rate = rate
		others <- err
	}()
	err = server.decide(ctx, target, &d.latency)
	stop()
	return d, errors.Join(err, <-others, server.check(ctx))
}

// besides has so many events a second come in over connections until ctx ends, and returns how many did.
func (r *running) besides(ctx context.Context, pool *load.Pool, connections int, most float64) (rate float64, err error) {
	var all load.Result
	second := int64(pool.Window()) * int64(math.Ceil(most/float64(pool.Window())))
	for ctx.Err() == nil {
		result, err := load.Run(context.WithoutCancel(ctx), pool, load.Options{
			Address: r.address, Connections: connections, Events: second, Rate: most,
		})
		if err != nil {
			return 0, err
		}
		r.sent.Add(result.Events)
		all.Events += result.Events
		all.Elapsed += result.Elapsed
	}
	return all.Rate(), nil
}

// decide sends deciding windows, each when the alert of the one before has come.
func (r *running) decide(ctx context.Context, target *receiver, latency *statistics.Histogram) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()                  //nolint:errcheck // all is said
	if err := settle(ctx); err != nil { // until the others are at it
		return err
	}
	for i := range alerts {
		mark := fmt.Sprintf("deciding-%06d", i)
		wire, err := decidingWindow(mark, time.Now())
		if err != nil {
			return err
		}
		written := time.Now() // before the first byte goes, which is before the last one has
		if _, err := conn.Write(wire); err != nil {
			return fmt.Errorf("send deciding window: %w", err)
		}
		arrived, err := target.await(ctx, mark)
		if err != nil {
			return err
		}
		latency.Record(arrived.Sub(written))
		if err := acknowledged(conn, decidingEvents); err != nil {
			return err
		}
		r.sent.Add(decidingEvents)
		time.Sleep(pause)
	}
	return nil
}

// await waits for the alert that a window decided.
func (r *receiver) await(ctx context.Context, mark string) (time.Time, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case a := <-r.arrivals:
			if a.mark == mark {
				return a.at, nil
			}
		case <-timer.C:
			return time.Time{}, fmt.Errorf("no alert for %s within %s", mark, patience)
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}

// decidingWindow makes a window as Filebeat does.
func decidingWindow(mark string, at time.Time) ([]byte, error) {
	out := bytes.NewBuffer(binary.BigEndian.AppendUint32([]byte("2W"), decidingEvents))
	out.WriteString("2C\x00\x00\x00\x00")
	compressor, err := zlib.NewWriterLevel(out, load.DefaultLevel)
	if err != nil {
		return nil, err
	}
	for i := range decidingEvents {
		event := fmt.Sprintf(`{"@timestamp":%q,"message":"%s line %d","host":{"name":"deciding"},"source":{"address":%q}}`,
			at.UTC().Format("2006-01-02T15:04:05.000Z"), mark, i, mark)
		frame := binary.BigEndian.AppendUint32([]byte("2J"), uint32(i+1))
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(event)))
		if _, err := compressor.Write(append(frame, event...)); err != nil {
			return nil, err
		}
	}
	if err := compressor.Close(); err != nil {
		return nil, err
	}
	wire := out.Bytes()
	binary.BigEndian.PutUint32(wire[8:], uint32(len(wire)-12))
	return wire, nil
}

// acknowledged reads the acknowledgement of a window of so many events.
func acknowledged(conn net.Conn, count uint32) error {
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("read acknowledgement: %w", err)
	}
	for {
		var frame [6]byte
		if _, err := io.ReadFull(conn, frame[:]); err != nil {
			return fmt.Errorf("read acknowledgement: %w", err)
		}
		if string(frame[:2]) != "2A" {
			return fmt.Errorf("no acknowledgement: %q", frame)
		}
		if binary.BigEndian.Uint32(frame[2:]) == count {
			return nil
		}
	}
}
