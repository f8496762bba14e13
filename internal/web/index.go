package web

import "net/http"

// indexDocument is what / answers.
type indexDocument struct {
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Endpoints map[string]string `json:"endpoints"`
}

func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, indexDocument{
		Name: "logboom", Version: s.options.Version,
		Endpoints: map[string]string{
			"/livez":      "200 unless logboom has to be restarted",
			"/readyz":     "200 when events can be taken, 503 with the reason otherwise",
			"/healthz":    "the state of each part",
			"/metrics":    "Prometheus metrics",
			"/api/alerts": "open episodes and the latest changes of state; ?limit=100",
			"/api/rules":  "the rules with their counters",
		},
	})
}
