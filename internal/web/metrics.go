package web

import (
	"context"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many requests for metrics are answered at once; one more gets 503.
const maxScrapes = 8

// collector makes metrics of the snapshots that the rooms give. It counts nothing itself.
type collector struct{ server *Server }

// The metrics about the process as a whole.
var (
	buildInfo = describe("build_info", "Always 1; the labels say which build this is.", "version", "goversion")
	ready     = describe("ready", "1 while events can be taken, as /readyz says.")
	readable  = describe("room_readable",
		"1 if a part told its counters in time; with 0 its metrics are missing from this scrape.", "room")

	serverMetrics = metrics[*Server]{
		gauge("http_open_connections", "Connections to this HTTP server.", func(s *Server) float64 {
			open, _, _ := s.connections.count()
			return float64(open)
		}),
		counter("http_shed_connections_total", "Connections without a request closed to make room for others.",
			func(s *Server) uint64 {
				_, shed, _ := s.connections.count()
				return shed
			}),
		counter("http_refused_connections_total", "Connections closed because there were too many.",
			func(s *Server) uint64 {
				_, _, refused := s.connections.count()
				return refused
			}),
		counter("http_panics_total", "Requests that ended in an internal error.",
			func(s *Server) uint64 { return s.panics.Load() }),
	}
)

// newMetrics returns the handler of /metrics, with a registry of its own.
func (s *Server) newMetrics() http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{s},
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: s.log, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes,
	})
}

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{buildInfo, ready, readable} {
		out <- desc
	}
	serverMetrics.describe(out)
	pipelineMetrics.describe(out)
	out <- pipelineState
	out <- journalOldest
	out <- journalHeld
	journalMetrics.describe(out)
	lumberjackMetrics.describe(out)
	out <- lumberjackErrors
	out <- lumberjackLimits
	kafkaMetrics.describe(out)
	for _, desc := range []*prometheus.Desc{kafkaLastError, kafkaPartitionLag, kafkaPartitionNext} {
		out <- desc
	}
	ruleMetrics.describe(out)
	sinkMetrics.describe(out)
	for _, desc := range []*prometheus.Desc{sinkState, sinkLatency, sinkLastError, sinkLastSuccess, sinkFailingSince} {
		out <- desc
	}
	outputMetrics.describe(out)
	for _, desc := range []*prometheus.Desc{
		outputState, outputLag, outputLastError, outputLastSuccess, outputFailingSince,
	} {
		out <- desc
	}
	deadLetterMetrics.describe(out)
}

// Collect implements prometheus.Collector. It does not take longer than readPatience.
func (c collector) Collect(out chan<- prometheus.Metric) {
	facts := c.server.facts(context.Background(), readPatience)
	send(out, buildInfo, prometheus.GaugeValue, 1, c.server.options.Version, runtime.Version())
	send(out, ready, prometheus.GaugeValue, truth(c.server.notReady(facts.pipeline) == ""))
	facts.each(func(room string, err error) { send(out, readable, prometheus.GaugeValue, truth(err == nil), room) })
	serverMetrics.collect(out, answer[*Server]{present: true, value: c.server})
	collectPipeline(out, facts.pipeline)
	journalMetrics.collect(out, facts.journal)
	collectLumberjack(out, facts.lumberjack)
	collectKafka(out, facts.kafka)
	collectRules(out, facts.rules)
	for _, sink := range facts.sinks {
		collectSink(out, sink)
	}
	for _, output := range facts.outputs {
		collectOutput(out, output, c.server.options.Now())
	}
	deadLetterMetrics.collect(out, facts.deadLetters)
}
