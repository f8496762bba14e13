package web

import (
	"context"
	"time"

	"github.com/logboom/logboom/internal/deadletter"
	"github.com/logboom/logboom/internal/journal"
	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/lumberjack"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/rules"
	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// How long a request waits for the rooms. Kubernetes gives a probe one second, Prometheus a scrape ten.
const (
	probePatience = 500 * time.Millisecond
	readPatience  = 2 * time.Second
)

// The names of rooms, in metrics and logs.
const (
	roomPipeline    = "pipeline"
	roomRules       = "rules"
	roomAlerts      = "alerts"
	roomLumberjack  = "lumberjack"
	roomKafka       = "kafka"
	roomJournal     = "journal"
	roomDeadLetters = "dead_letters"
	roomSink        = "sinks/"   // and the sink's name
	roomOutput      = "outputs/" // and the output's name
)

// rooms are the readings of all that Sources name. They never change.
type rooms struct {
	pipeline    *reading[pipelineFacts]
	rules       *reading[ruleFacts]
	alerts      *reading[alertFacts]
	lumberjack  *reading[lumberjack.Stats]
	kafka       *reading[kafka.Stats]
	journal     *reading[journal.Stats]
	deadLetters *reading[deadletter.Stats]
	sinks       []sinkRoom
	outputs     []outputRoom
}

type sinkRoom struct {
	name  string
	stats *reading[sinks.Stats]
}

type outputRoom struct {
	name  string
	stats *reading[outputs.Stats]
}

type pipelineFacts struct {
	status pipeline.Status
	stats  pipeline.Stats
}

type ruleFacts struct {
	list     []rules.Rule
	counters map[string]*rules.Counters
}

// alertFacts are in the order of Pipeline.Alerts.
type alertFacts struct{ open, latest []window.Transition }

func newRooms(owner *readers, sources Sources) *rooms {
	r := &rooms{
		lumberjack:  newReading(owner, roomLumberjack, sources.Lumberjack),
		kafka:       newReading(owner, roomKafka, sources.Kafka),
		journal:     newReading(owner, roomJournal, sources.Journal),
		deadLetters: newReading(owner, roomDeadLetters, sources.DeadLetters),
	}
	for _, sink := range sources.Sinks {
		r.sinks = append(r.sinks, sinkRoom{sink.Name, newReading(owner, roomSink+sink.Name, sink.Stats)})
	}
	for _, output := range sources.Outputs {
		r.outputs = append(r.outputs, outputRoom{output.Name, newReading(owner, roomOutput+output.Name, output.Stats)})
	}
	if sources.Pipeline != nil {
		r.readPipeline(owner, sources.Pipeline)
	}
	return r
}

func (r *rooms) readPipeline(owner *readers, source Pipeline) {
	r.pipeline = newReading(owner, roomPipeline, func() pipelineFacts {
		return pipelineFacts{source.Status(), source.Stats()}
	})
	r.rules = newReading(owner, roomRules, func() (facts ruleFacts) {
		facts.list, facts.counters = source.Rules()
		return facts
	})
	r.alerts = newReading(owner, roomAlerts, func() (facts alertFacts) {
		facts.open, facts.latest = source.Alerts(maxAlerts)
		return facts
	})
}

// facts are what all rooms answered, except for the alerts.
type facts struct {
	pipeline    answer[pipelineFacts]
	rules       answer[ruleFacts]
	lumberjack  answer[lumberjack.Stats]
	kafka       answer[kafka.Stats]
	journal     answer[journal.Stats]
	deadLetters answer[deadletter.Stats]
	sinks       []sinkFacts
	outputs     []outputFacts
}

type sinkFacts struct {
	name  string
	stats answer[sinks.Stats]
}

type outputFacts struct {
	name  string
	stats answer[outputs.Stats]
}

// read asks all rooms at once and waits for their answers until ctx ends.
func (r *rooms) read(ctx context.Context) facts {
	pipeline, rules, lumberjack := r.pipeline.ask(), r.rules.ask(), r.lumberjack.ask()
	kafka, journal, deadLetters := r.kafka.ask(), r.journal.ask(), r.deadLetters.ask()
	asked := make([]*call[sinks.Stats], len(r.sinks))
	for i := range r.sinks {
		asked[i] = r.sinks[i].stats.ask()
	}
	written := make([]*call[outputs.Stats], len(r.outputs))
	for i := range r.outputs {
		written[i] = r.outputs[i].stats.ask()
	}
	f := facts{
		pipeline: pipeline.wait(ctx), rules: rules.wait(ctx), lumberjack: lumberjack.wait(ctx),
		kafka: kafka.wait(ctx), journal: journal.wait(ctx), deadLetters: deadLetters.wait(ctx),
	}
	for i := range r.sinks {
		f.sinks = append(f.sinks, sinkFacts{r.sinks[i].name, asked[i].wait(ctx)})
	}
	for i := range r.outputs {
		f.outputs = append(f.outputs, outputFacts{r.outputs[i].name, written[i].wait(ctx)})
	}
	return f
}

// each calls f for every room that is there, with the error of one that did not answer.
func (f facts) each(visit func(room string, err error)) {
	list := func(room string, present bool, err error) {
		if present {
			visit(room, err)
		}
	}
	list(roomPipeline, f.pipeline.present, f.pipeline.err)
	list(roomRules, f.rules.present, f.rules.err)
	list(roomLumberjack, f.lumberjack.present, f.lumberjack.err)
	list(roomKafka, f.kafka.present, f.kafka.err)
	list(roomJournal, f.journal.present, f.journal.err)
	list(roomDeadLetters, f.deadLetters.present, f.deadLetters.err)
	for _, sink := range f.sinks {
		list(roomSink+sink.name, sink.stats.present, sink.stats.err)
	}
	for _, output := range f.outputs {
		list(roomOutput+output.name, output.stats.present, output.stats.err)
	}
}

// facts reads all rooms, for at most the given time.
func (s *Server) facts(ctx context.Context, patience time.Duration) facts {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.rooms.Load().read(ctx)
}
