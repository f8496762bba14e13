package compare

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counting is a logboom whose metrics are text.
func counting(t *testing.T, sent int64, text func() string) *running {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, text()) }))
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.Close()
	})
	r := &running{server: Server{Name: "logboom", program: programLogboom}, http: s.Listener.Addr().String()}
	r.sent.Store(sent)
	return r
}

// TestAwaitWritten waits for one of two outputs, the other of which writes nothing.
func TestAwaitWritten(t *testing.T) {
	var asked atomic.Int64
	r := counting(t, 30, func() string {
		return fmt.Sprintf("logboom_output_events_total{output=\"stalled\"} 0\nlogboom_output_events_total{output=\"file\"} %d\n"+
			"logboom_output_last_success_timestamp_seconds{output=\"file\"} 1.7e+09\n", 10*asked.Add(1))
	})
	last, err := r.awaitWritten(t.Context(), "file")
	if err != nil || !last.Equal(time.Unix(1_700_000_000, 0)) || asked.Load() != 3 {
		t.Errorf("%v, %v after %d polls", last, err, asked.Load())
	}
	if _, err := r.awaitWritten(t.Context(), "file"); err == nil || !strings.Contains(err.Error(), "wrote 40 events; 30 were sent") {
		t.Errorf("more written than sent: %v", err)
	}
}

// TestCheck fails where something was late, a resend, or not written.
func TestCheck(t *testing.T) {
	const fine = "logboom_pipeline_events_total 5\nlogboom_rule_late_events_total{rule=\"x\"} 0\nlogboom_duplicate_events_total 0\n"
	for _, test := range []struct{ text, want string }{
		{fine, ""},
		{fine + "logboom_output_missed_events_total{output=\"a\"} 0\n", ""},
		{fine + "logboom_output_missed_events_total{output=\"a\"} 2\n", "missed_events 2"},
		{strings.Replace(fine, "events_total 5", "events_total 4", 1), "counted 4 events"},
		{strings.Replace(fine, `"x"} 0`, `"x"} 1`, 1), "1 of them late"},
		{strings.Replace(fine, "duplicate_events_total 0", "duplicate_events_total 3", 1), "took 3 events for resends"},
		{strings.Replace(fine, "logboom_duplicate", "other", 1), "no such metric: logboom_duplicate_events_total"},
	} {
		err := counting(t, 5, func() string { return test.text }).check(t.Context())
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", test.text, err)
		}
	}
}
