package lumberjack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// errIdle and errStopping are how the server ends a connection that has no window under way.
var (
	errIdle     = errors.New("connection is idle")
	errStopping = errors.New("server is stopping")
)

// errLeft wraps how a client closed a connection that had no window under way.
var errLeft = errors.New("client left")

// errLost wraps what showed that a client is gone while its window was under way.
var errLost = errors.New("client lost")

// errHandshake wraps what a failed TLS handshake returned.
var errHandshake = errors.New("TLS handshake")

// connection serves one client. All but stop and interrupt belong to its goroutine.
type connection struct {
	server *Server
	raw    net.Conn // what was accepted
	conn   net.Conn // raw, or TLS over it
	remote net.Addr
	state  *tls.ConnectionState
	ctx    context.Context // of this connection's Handler calls; it lives as long as the connection
	cancel context.CancelCauseFunc

	reader      windowReader
	acknowledge acknowledger
	answers     answers
	input       input

	mutex    sync.Mutex
	idle     bool // waits for a window, and may be interrupted
	stopping bool
}

// newConnection prepares to serve what was accepted.
func newConnection(server *Server, accepted net.Conn) *connection {
	c := &connection{server: server, raw: accepted, conn: accepted, remote: accepted.RemoteAddr()}
	c.ctx, c.cancel = context.WithCancelCause(server.ctx)
	if server.options.TLS != nil {
		c.conn = tls.Server(accepted, server.options.TLS)
	}
	timeouts := server.options.Timeouts
	c.input = input{
		conn: c.conn, counters: &server.counters, timeout: timeouts.Read, pressing: c.reader.pressing, ctx: c.ctx,
	}
	c.acknowledge = acknowledger{
		conn: c.conn, counters: &server.counters, timeout: timeouts.Write, interval: timeouts.Heartbeat, broken: c.interrupt,
	}
	c.reader = windowReader{
		input: &c.input, pool: server.pool, limits: server.options.Limits, counters: &server.counters,
		reserve:   func() *reservation { return &reservation{budget: server.budget, ctx: c.ctx} },
		announced: c.acknowledge.begin,
		keepParts: server.options.KeepParts,
	}
	return c
}

// run serves the client until it goes away, errs, or the server stops, and closes the connection.
func (c *connection) run() {
	err := c.serve()
	c.reader.abandon()
	c.answers.wait()
	c.acknowledge.stop()
	ended := context.Cause(c.ctx)
	c.cancel(nil)
	switch {
	case errors.Is(ended, ErrHandler):
		err = ended
	case ended != nil && c.server.ctx.Err() == nil:
		err = fmt.Errorf("%w: %w", errLost, ended)
	}
	c.server.report(c, err)
	c.hangUp()
}

// hangUp closes the connection with FIN, behind TLS's own farewell.
func (c *connection) hangUp() {
	if session, ok := c.conn.(*tls.Conn); ok {
		_ = session.CloseWrite() // fails where there was no handshake
	}
	hangUp(c.raw)
}

// serve has one window after another handled.
func (c *connection) serve() error {
	if err := c.handshake(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if err := c.answers.room(c.ctx); err != nil {
			return err
		}
		if err := c.await(first); err != nil {
			return err
		}
		window, err := c.reader.read()
		if err != nil {
			return err
		}
		c.acknowledge.complete()
		if err := c.handle(window); err != nil {
			return err
		}
	}
}

// handshake does that of TLS, if there is one to be done.
func (c *connection) handshake() error {
	session, ok := c.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	if err := c.enterIdle(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.server.options.Timeouts.Handshake)
	defer cancel()
	err := session.HandshakeContext(ctx)
	if stopping := c.leaveIdle(); stopping != nil {
		return stopping
	}
	if err != nil {
		return c.handshakeError(err)
	}
	state := session.ConnectionState()
	c.state = &state
	return nil
}

// handshakeError tells the clients that made a mistake from those that only looked whether the port is open.
func (c *connection) handshakeError(err error) error {
	if wrong := recognisePlain(err, c.remote); wrong != nil {
		return wrong
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", errLeft, err)
	}
	return fmt.Errorf("%w: %w", errHandshake, err)
}

// await waits for the first byte of a window. A connection that waits here can be closed at any time without loss.
func (c *connection) await(first bool) error {
	if c.reader.pending() {
		return nil
	}
	err := c.awaitByte()
	for errors.Is(err, os.ErrDeadlineExceeded) && c.answers.any() {
		err = c.awaitByte() // who waits for an acknowledgement is not idle
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errIdle
	case errors.Is(err, errStopping):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errLeft, err)
	}
	if first {
		return c.recognise()
	}
	return nil
}

// awaitByte waits for a byte until the idle timeout.
func (c *connection) awaitByte() error {
	if err := c.enterIdle(); err != nil {
		return err
	}
	_, err := c.input.waitByte()
	if stopping := c.leaveIdle(); stopping != nil {
		return stopping
	}
	return err
}

// recognise looks at the first bytes for protocols that people send here by mistake.
func (c *connection) recognise() error {
	for c.input.mayBeOther() {
		if err := c.input.fill(); err != nil {
			break // what there is must do
		}
	}
	beginning := c.input.buffered()
	return recognise(beginning[:min(len(beginning), 4)], c.remote)
}

// enterIdle sets the idle deadline, unless the server is stopping.
func (c *connection) enterIdle() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.stopping {
		return errStopping
	}
	c.idle = true
	if err := c.conn.SetReadDeadline(time.Now().Add(c.server.options.Timeouts.Idle)); err != nil {
		return err
	}
	return context.Cause(c.ctx) // see fail
}

// leaveIdle makes the connection finish what comes now, unless the server is stopping.
func (c *connection) leaveIdle() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.idle = false
	if c.stopping {
		return errStopping
	}
	return nil
}

// stop makes the connection end: at once if it is idle, and otherwise when the window under way was acknowledged. It may
// be called from any goroutine.
func (c *connection) stop() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stopping = true
	if c.idle {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // fails where the connection has ended
	}
}

// interrupt ends the connection without regard to anything. It may be called from any goroutine.
func (c *connection) interrupt(cause error) {
	c.cancel(cause)
	_ = c.raw.Close() // wakes whoever reads or writes
}

// fail ends the connection because a window could not be handled. No further one is read or acknowledged. It may be called
// from any goroutine: whoever sets a deadline for reading looks at the context afterwards.
func (c *connection) fail(cause error) {
	c.cancel(cause)
	_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // fails where the connection has ended
}

// handle has the window handled, and acknowledged when that is due.
func (c *connection) handle(w *window) error {
	if w.size == 0 {
		c.answers.add(func() { c.answer(w) })
		return nil
	}
	c.reportRejected(w)
	w.batch = Batch{
		Events: w.events, Rejected: w.rejected, Parts: w.parts, Remote: c.remote, Version: w.version, TLS: c.state,
		Received: w.finished,
	}
	if err := c.server.handler(c.ctx, &w.batch); err != nil {
		w.release()
		return fmt.Errorf("%w: %w", ErrHandler, err)
	}
	c.answers.add(func() { c.answer(w) })
	return nil
}

// answer waits until the window is safe and acknowledges it.
func (c *connection) answer(w *window) {
	announced, sequence, events := w.announcement, w.acknowledge(), len(w.events)
	if w.batch.Wait != nil {
		if err := w.batch.Wait(); err != nil {
			c.fail(fmt.Errorf("%w: %w", ErrHandler, err))
		}
	}
	w.release()
	if c.ctx.Err() != nil {
		return
	}
	if announced.size > 0 {
		c.server.countHandled(events)
	}
	if err := c.acknowledge.finish(announced.version, sequence); err != nil {
		c.interrupt(err)
	}
}

// reportRejected counts and reports what was rejected of a window.
func (c *connection) reportRejected(w *window) {
	if len(w.rejected) == 0 {
		return
	}
	c.server.counters.eventsRejected.Add(uint64(len(w.rejected)))
	c.server.reportLimit(LimitEvent, uint64(len(w.rejected)), c.remote.String(), w.rejected[0].Reason)
}
