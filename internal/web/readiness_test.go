package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/sinks"
)

// failingSources are a sink and a Kafka cluster that are down, which must not matter.
func failingSources(of Pipeline) Sources {
	return Sources{
		Pipeline: of,
		Kafka:    func() kafka.Stats { return kafka.Stats{LastError: "no broker", Waiting: []string{"logs"}} },
		Sinks: []Sink{{"slack", func() sinks.Stats {
			return sinks.Stats{State: sinks.StateRetrying, FailingSince: moment, LastError: "503"}
		}}},
	}
}

func TestReadyByStateOfThePipeline(t *testing.T) {
	for state, want := range map[string]struct {
		status int
		body   string
	}{
		pipeline.StateOK:      {http.StatusOK, "ok\n"},
		pipeline.StateFull:    {http.StatusServiceUnavailable, "not ready: the journal is full: because\n"},
		pipeline.StateFailing: {http.StatusServiceUnavailable, "not ready: the journal is failing: because\n"},
		pipeline.StateStalled: {http.StatusServiceUnavailable, "not ready: the journal is stalled: because\n"},
		"odd":                 {http.StatusServiceUnavailable, "not ready: the journal is odd: because\n"},
	} {
		t.Run(state, func(t *testing.T) {
			from := &source{status: pipeline.Status{State: state, Reason: "because", Since: moment}}
			handler := started(Options{Sources: failingSources(from)}).Handler(loopback)
			answer := get(handler, "/readyz")
			if answer.Code != want.status || answer.Body.String() != want.body {
				t.Errorf("/readyz: %d %q, want %v", answer.Code, answer.Body, want)
			}
			if health := get(handler, "/healthz"); health.Code != want.status {
				t.Errorf("/healthz: %d, want as /readyz: %d", health.Code, want.status)
			}
			if live := get(handler, "/livez"); live.Code != http.StatusOK {
				t.Errorf("/livez: %d %s", live.Code, live.Body)
			}
		})
	}
}

func TestReadyByWhatTheProcessSays(t *testing.T) {
	s := New(Options{})
	handler := s.Handler(remote)
	expect := func(status int, body string) {
		t.Helper()
		if answer := get(handler, "/readyz"); answer.Code != status || answer.Body.String() != body+"\n" {
			t.Errorf("%d %q, want %d %q", answer.Code, answer.Body, status, body)
		}
		if live := get(handler, "/livez"); live.Code != http.StatusOK {
			t.Errorf("/livez: %d %s", live.Code, live.Body)
		}
	}
	expect(http.StatusServiceUnavailable, "not ready: starting")
	s.SetReady(true, "")
	expect(http.StatusServiceUnavailable, "not ready: starting") // there is no pipeline yet
	s.Attach(Sources{Pipeline: healthy()})
	expect(http.StatusOK, "ok")
	s.SetReady(false, "draining")
	expect(http.StatusServiceUnavailable, "not ready: draining")
	s.SetReady(false, "")
	expect(http.StatusServiceUnavailable, "not ready: not taking events")
}

func TestReadyReasonIsOneShortLine(t *testing.T) {
	reason := "write /data:\r\n\tno space\xff " + strings.Repeat("x", 3*longestText/2)
	from := &source{status: pipeline.Status{State: pipeline.StateFailing, Reason: reason}}
	body := get(started(Options{Sources: Sources{Pipeline: from}}).Handler(remote), "/readyz").Body.String()
	if !strings.HasPrefix(body, "not ready: the journal is failing: write /data: no space\uFFFD xxx") ||
		len(body) > longestText+100 || strings.Count(body, "\n") != 1 {
		t.Errorf("%q", body)
	}
}

// A pipeline that does not answer is not ready, and that is said in less time than a probe waits.
func TestReadyWhenThePipelineHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &hanging{source: healthy(), release: make(chan struct{})}
		s := started(Options{Sources: Sources{Pipeline: from}})
		began := time.Now()
		answer := get(s.Handler(remote), "/readyz")
		if answer.Code != http.StatusServiceUnavailable ||
			answer.Body.String() != "not ready: the pipeline does not answer\n" {
			t.Errorf("%d %q", answer.Code, answer.Body)
		}
		if took := time.Since(began); took > probePatience {
			t.Errorf("took %s", took)
		}
		close(from.release)
	})
}

// hanging is a pipeline whose Status does not return until it is released.
type hanging struct {
	*source
	release chan struct{}
}

func (h *hanging) Status() pipeline.Status {
	<-h.release
	return h.source.Status()
}
