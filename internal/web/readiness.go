package web

import (
	"context"
	"net/http"

	"github.com/logboom/logboom/internal/pipeline"
)

// reasonStarting is why a new Server is not ready.
const reasonStarting = "starting"

// readiness is what the owner of the process says of it.
type readiness struct {
	ready  bool
	reason string
}

// SetReady says whether the process takes events, and if not, why: "starting", "draining". A new Server is starting.
// What the pipeline says is looked at on top.
func (s *Server) SetReady(ready bool, reason string) { s.readiness.Store(&readiness{ready, reason}) }

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	// The pipeline alone decides, so nothing else is waited for.
	ctx, cancel := context.WithTimeout(r.Context(), probePatience)
	defer cancel()
	facts := s.rooms.Load().pipeline.ask().wait(ctx)
	if reason := s.notReady(facts); reason != "" {
		writeText(w, http.StatusServiceUnavailable, "not ready: "+reason)
		return
	}
	writeText(w, http.StatusOK, "ok")
}

// notReady returns why events cannot be taken, or an empty text where they can.
func (s *Server) notReady(facts answer[pipelineFacts]) string {
	if said := s.readiness.Load(); !said.ready {
		if said.reason == "" {
			return "not taking events"
		}
		return s.shown(said.reason)
	}
	if !facts.present {
		return reasonStarting
	}
	if facts.err != nil {
		return s.shown("the pipeline " + facts.err.Error())
	}
	status := facts.value.status
	switch status.State {
	case pipeline.StateOK:
		return ""
	case pipeline.StateFull:
		return s.shown("the journal is full: " + status.Reason)
	case pipeline.StateFailing:
		return s.shown("the journal is failing: " + status.Reason)
	case pipeline.StateStalled:
		return s.shown("the journal is stalled: " + status.Reason)
	}
	return s.shown("the journal is " + status.State + ": " + status.Reason)
}
