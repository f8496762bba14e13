package lumberjack

import (
	"context"
	"errors"
	"os"
)

// report counts and logs how a connection ended. It is the only place that does.
func (s *Server) report(c *connection, err error) {
	peer := c.remote.String()
	var limit *LimitError
	var protocol *ProtocolError
	switch {
	case s.isOrderly(err):
		s.options.Logger.Debug().Str("peer", peer).AnErr("reason", err).Msg("Lumberjack connection closed")
	case errors.As(err, &limit):
		limit.Peer = peer
		s.reportLimit(limit.Limit, 1, peer, err.Error())
	case errors.As(err, &protocol):
		s.counters.wrongProtocol.Add(1)
		s.log.warn(protocol.Found).Str("peer", peer).Msg(protocol.Message)
	default:
		kind := s.count(err)
		s.log.warn(kind).Str("peer", peer).Err(err).Msg("Lumberjack connection closed: " + kind)
	}
}

// isOrderly says whether a connection ended as connections do: there is nothing to tell.
func (s *Server) isOrderly(err error) bool {
	return errors.Is(err, errLeft) || errors.Is(err, errIdle) || errors.Is(err, errStopping) || s.ctx.Err() != nil
}

// count counts the kind of error and returns its name.
func (s *Server) count(err error) string {
	switch {
	case errors.Is(err, errLost):
		s.counters.lost.Add(1)
		return "client lost"
	case errors.Is(err, ErrHandler):
		s.counters.handlerErrors.Add(1)
		return "window was not handled"
	case errors.Is(err, ErrDecompression):
		s.counters.decompressionErrors.Add(1)
		return "decompression error"
	case errors.Is(err, ErrFraming):
		s.counters.framingErrors.Add(1)
		return "framing error"
	case errors.Is(err, errHandshake):
		s.counters.handshakeErrors.Add(1)
		return "TLS handshake failed"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		s.counters.timeouts.Add(1)
		return "client too slow"
	default:
		s.counters.lost.Add(1)
		return "client lost"
	}
}

// reportLimit counts and logs a limit that was hit.
func (s *Server) reportLimit(limit Limit, hits uint64, peer, reason string) {
	s.counters.limits.add(limit, hits)
	s.log.warn("limit "+string(limit)).Str("peer", peer).Str("limit", string(limit)).Msg(reason)
}

// countHandled counts a window that the Handler took.
func (s *Server) countHandled(events int) {
	s.counters.windows.Add(1)
	s.counters.events.Add(uint64(events))
}
