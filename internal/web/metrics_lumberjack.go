package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/logboom/logboom/lumberjack"
)

var (
	lumberjackErrors = describe("lumberjack_errors_total",
		"Connections that ended as they should not have, and failures to accept one, by kind.", "kind")
	lumberjackLimits = describe("lumberjack_limit_hits_total", "Times each limit was hit.", "limit")
)

var lumberjackMetrics = metrics[lumberjack.Stats]{
	gauge("lumberjack_open_connections", "Connections that are open.",
		func(s lumberjack.Stats) float64 { return float64(s.Connections) }),
	gauge("lumberjack_peak_connections", "The most connections that were open at once.",
		func(s lumberjack.Stats) float64 { return float64(s.PeakConnections) }),
	counter("lumberjack_connections_total", "Connections taken.",
		func(s lumberjack.Stats) uint64 { return s.ConnectionsTotal }),
	counter("lumberjack_refused_connections_total", "Connections closed at once because there were too many.",
		func(s lumberjack.Stats) uint64 { return s.ConnectionsRefused }),
	counter("lumberjack_windows_total", "Windows taken.", func(s lumberjack.Stats) uint64 { return s.Windows }),
	counter("lumberjack_events_total", "Events taken.", func(s lumberjack.Stats) uint64 { return s.Events }),
	counter("lumberjack_rejected_events_total", "Events acknowledged but beyond a limit.",
		func(s lumberjack.Stats) uint64 { return s.EventsRejected }),
	counter("lumberjack_read_bytes_total", "Bytes read from clients, after TLS.",
		func(s lumberjack.Stats) uint64 { return s.BytesRead }),
	counter("lumberjack_inflated_bytes_total", "Bytes that compressed frames became.",
		func(s lumberjack.Stats) uint64 { return s.BytesInflated }),
	counter("lumberjack_acknowledgements_total", "Windows acknowledged.",
		func(s lumberjack.Stats) uint64 { return s.Acknowledgements }),
	counter("lumberjack_heartbeats_total", "Heartbeats sent while a window was under way.",
		func(s lumberjack.Stats) uint64 { return s.Heartbeats }),
	gauge("lumberjack_in_flight_bytes", "Bytes that windows hold in memory.",
		func(s lumberjack.Stats) float64 { return float64(s.BytesInFlight) }),
	gauge("lumberjack_waiting_windows", "Windows that wait for memory.",
		func(s lumberjack.Stats) float64 { return float64(s.Waiting) }),
}

func collectLumberjack(out chan<- prometheus.Metric, of answer[lumberjack.Stats]) {
	lumberjackMetrics.collect(out, of)
	if !of.known() {
		return
	}
	s := of.value
	for _, kind := range []struct {
		name  string
		count uint64
	}{
		{"accept", s.AcceptErrors},
		{"framing", s.FramingErrors},
		{"decompression", s.DecompressionErrors},
		{"protocol", s.WrongProtocol},
		{"handshake", s.HandshakeErrors},
		{"handler", s.HandlerErrors},
		{"timeout", s.Timeouts},
		{"lost", s.Lost},
	} {
		send(out, lumberjackErrors, prometheus.CounterValue, float64(kind.count), kind.name)
	}
	for limit, hits := range s.LimitHits {
		send(out, lumberjackLimits, prometheus.CounterValue, float64(hits), string(limit))
	}
}
