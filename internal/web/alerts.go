package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/logboom/logboom/sinks"
	"github.com/logboom/logboom/window"
)

// How many alerts /api/alerts returns in each of its lists. maxAlerts is as many as a pipeline keeps to be looked at.
const (
	defaultAlerts = 100
	maxAlerts     = 1000
)

// alerts answers with the open episodes and up to limit of the latest changes of state, both the newest first:
//
//	{"active_total": 1, "active": [...], "recent": [...]}
//
// Each is the alert document, as sinks get it, with its id in front. active holds at most maxAlerts; active_total tells
// how many there are.
func (s *Server) alerts(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r.URL.RawQuery)
	if err != nil {
		writeText(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readPatience)
	defer cancel()
	facts := s.rooms.Load().alerts.ask().wait(ctx)
	if !facts.known() {
		s.notToBeTold(w, facts.err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeAlerts(bufio.NewWriter(w), facts.value, limit)
}

// notToBeTold answers for a pipeline that is not there yet, or did not answer.
func (s *Server) notToBeTold(w http.ResponseWriter, err error) {
	text := reasonStarting
	if err != nil {
		text = s.shown("the pipeline " + err.Error())
	}
	writeText(w, http.StatusServiceUnavailable, text)
}

// limitOf returns the limit that a query asks for.
func limitOf(query string) (int, error) {
	wrong := fmt.Errorf("limit: give one number from 1 to %d, such as ?limit=%d", maxAlerts, defaultAlerts)
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, errors.New("the query cannot be read; give a number, such as ?limit=100")
	}
	given, ok := values["limit"]
	if !ok {
		return defaultAlerts, nil
	}
	if len(given) != 1 {
		return 0, wrong
	}
	limit, err := strconv.ParseUint(given[0], 10, 16)
	if err != nil || limit < 1 || limit > maxAlerts {
		return 0, wrong
	}
	return int(limit), nil
}

// writeAlerts writes the documents one after the other, so that only one is in memory. A client that goes away makes
// the writer fail from there on, which is nobody's concern.
func writeAlerts(w *bufio.Writer, facts alertFacts, limit int) {
	_, _ = fmt.Fprintf(w, `{"active_total":%d,"active":[`, len(facts.open))
	for i := range min(len(facts.open), maxAlerts) {
		writeAlert(w, i, facts.open[len(facts.open)-1-i])
	}
	_, _ = w.WriteString(`],"recent":[`)
	for i := range min(len(facts.latest), limit) {
		writeAlert(w, i, facts.latest[i])
	}
	_, _ = w.WriteString("]}\n")
	_ = w.Flush()
}

func writeAlert(w *bufio.Writer, index int, transition window.Transition) {
	if index > 0 {
		_ = w.WriteByte(',')
	}
	_, _ = w.WriteString(`{"id":`)
	_, _ = w.Write(marshal(transition.ID))
	_ = w.WriteByte(',')
	_, _ = w.Write(sinks.Document(transition)[1:])
}
