package web

import (
	"net/http"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/sinks"
)

func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	facts := s.facts(r.Context(), probePatience)
	health := s.health(facts)
	status := http.StatusOK
	if health.status == statusUnavailable {
		status = http.StatusServiceUnavailable
	}
	writeBytes(w, status, s.encodeHealth(health))
}

func (s *Server) health(facts facts) health {
	h := health{
		lumberjack: s.lumberjackHealth(facts.lumberjack), kafka: s.kafkaHealth(facts.kafka),
		journal: s.journalHealth(facts.pipeline), deadLetters: s.deadLetterHealth(facts.deadLetters),
	}
	for _, sink := range facts.sinks {
		h.sinks = append(h.sinks, s.sinkHealth(sink))
	}
	for _, output := range facts.outputs {
		h.outputs = append(h.outputs, s.outputHealth(output))
	}
	h.status, h.reasons = statusOK, append(s.troubles(facts), s.outputTroubles(facts.outputs)...)
	if len(h.reasons) > 0 {
		h.status = statusDegraded
	}
	if reason := s.notReady(facts.pipeline); reason != "" {
		h.status, h.reasons = statusUnavailable, append([]string{reason}, h.reasons...)
	}
	return h
}

// troubles returns what is wrong without keeping events from being taken.
func (s *Server) troubles(facts facts) (reasons []string) {
	facts.each(func(room string, err error) {
		if err != nil && room != roomPipeline {
			reasons = append(reasons, s.shown(room+" "+err.Error()))
		}
	})
	if k := facts.kafka.value; facts.kafka.known() {
		if !k.Connected {
			reasons = append(reasons, "kafka is not connected")
		}
		if len(k.Waiting) > 0 {
			reasons = append(reasons, "kafka has topics that do not exist")
		}
	}
	for _, sink := range facts.sinks {
		// A sink stops when logboom does, and that is said already.
		if !sink.stats.known() {
			continue
		}
		switch sink.stats.value.State {
		case sinks.StateRetrying:
			reasons = append(reasons, "alerts are not delivered to "+sink.name)
		case sinks.StateBlocked:
			reasons = append(reasons, "alerts are not delivered to "+sink.name+" until somebody mends it: "+
				s.shown(sink.stats.value.LastError))
		}
	}
	return reasons
}

// notKnown returns the error of an answer without a value.
func (s *Server) notKnown(err error) unknown {
	if err == nil {
		return unknown{}
	}
	return unknown{s.shown(err.Error())}
}

// lumberjackHealth takes the listener for open while the process is ready: it is opened before, and closed by draining.
func (s *Server) lumberjackHealth(of answer[lumberjack.Stats]) *lumberjackHealth {
	if !of.present {
		return nil
	}
	return &lumberjackHealth{
		unknown: s.notKnown(of.err), Listening: s.readiness.Load().ready,
		Connections: of.value.Connections, Events: of.value.Events, BytesInFlight: of.value.BytesInFlight,
	}
}

func (s *Server) kafkaHealth(of answer[kafka.Stats]) *kafkaHealth {
	if !of.present {
		return nil
	}
	lag, others := lagOf(of.value.Assigned)
	return &kafkaHealth{
		unknown: s.notKnown(of.err), Connected: of.value.Connected, Partitions: len(of.value.Assigned),
		Lag: lag, LagUnknown: others, Records: of.value.Records, MissingTopics: of.value.Waiting,
		LastError: s.shown(of.value.LastError), LastErrorTime: of.value.LastErrorTime.UTC(),
	}
}

// lagOf returns the lag of all partitions of which it is known, and how many the others are.
func lagOf(partitions []kafka.PartitionStats) (lag int64, unknown int) {
	for _, partition := range partitions {
		if partition.Lag < 0 {
			unknown++
			continue
		}
		lag += partition.Lag
	}
	return lag, unknown
}

func (s *Server) journalHealth(of answer[pipelineFacts]) *journalHealth {
	if !of.present {
		return nil
	}
	status := of.value.status
	h := &journalHealth{
		unknown: s.notKnown(of.err), State: status.State, Reason: s.shown(status.Reason),
		UsedBytes: status.Space.Used, BudgetBytes: status.Space.Budget,
		FreeBytes: status.Space.Free, ReserveBytes: status.Space.Reserve, WaitingBatches: status.Waiting,
		OldestEvents: status.Oldest.UTC(), HeldBy: holdersHealth(status.Holding),
	}
	if of.err != nil {
		h.State = stateUnknown
	} else if status.State != pipeline.StateOK {
		h.Since = status.Since.UTC()
	}
	return h
}

func (s *Server) sinkHealth(of sinkFacts) sinkHealth {
	stats := of.stats.value
	if of.stats.err != nil {
		stats.State = stateUnknown
	}
	return sinkHealth{
		Name: of.name, unknown: s.notKnown(of.stats.err), State: stats.State, FailingSince: stats.FailingSince.UTC(),
		Waiting: stats.Waiting, Delivered: stats.Delivered, DeadLetters: stats.DeadLetters,
		LastError: s.shown(stats.LastError), LastErrorTime: stats.LastErrorTime.UTC(), LastSuccess: stats.LastSuccess.UTC(),
		Notice: s.shown(stats.Notice),
	}
}

func (s *Server) deadLetterHealth(of answer[deadletter.Stats]) *deadLetterHealth {
	if !of.present {
		return nil
	}
	return &deadLetterHealth{
		unknown: s.notKnown(of.err), Letters: of.value.Letters, Removed: of.value.RemovedLetters,
		Failures: of.value.Failures, SizeBytes: of.value.Size,
	}
}
