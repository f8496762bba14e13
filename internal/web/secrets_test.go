package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/sinks"
)

// No answer, no header and no log line holds a secret, whatever is asked, and whatever other rooms let through.
func TestSecretsAreNotShown(t *testing.T) {
	const password = "pa ss/word-of-a-sink"
	leaky := "cannot reach https://user:" + password + "@example.com?p=pa+ss%2Fword-of-a-sink"
	var log bytes.Buffer
	from := healthy()
	from.status = pipeline.Status{State: pipeline.StateFailing, Reason: leaky}
	s := started(Options{
		Token: secret, Secrets: sinks.NewSecrets(password), Logger: zerolog.New(&log),
		Sources: Sources{
			Pipeline: from,
			Kafka:    func() kafka.Stats { return kafka.Stats{LastError: leaky} },
			Sinks: []Sink{
				{"leaky", func() sinks.Stats { return sinks.Stats{LastError: leaky, State: sinks.StateRetrying} }},
				{"broken", func() sinks.Stats { panic(errors.New("broken")) }},
			},
			Outputs: []Output{{"leaky", func() outputs.Stats {
				return outputs.Stats{LastError: leaky, Notice: leaky, State: outputs.StateBlocked}
			}}},
		},
	})
	var seen strings.Builder
	for _, address := range []http.Handler{s.Handler(loopback), s.Handler(remote)} {
		for _, authorization := range []string{"", "Bearer wrong", "Bearer " + secret, "Basic " + secret} {
			for _, path := range append(append([]string{}, open...), closed...) {
				request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1"+path, nil)
				request.Header.Set("Authorization", authorization)
				recorder := httptest.NewRecorder()
				address.ServeHTTP(recorder, request)
				fmt.Fprintln(&seen, recorder.Header(), recorder.Body)
			}
		}
	}
	fmt.Fprintf(&seen, "%s %v %+v", &log, s, s.options)
	for _, text := range []string{secret, password, "pa+ss%2Fword-of-a-sink", "word-of-a-sink"} {
		if strings.Contains(seen.String(), text) {
			t.Errorf("%q is shown", text)
		}
	}
	if !strings.Contains(seen.String(), "cannot reach https://user:") {
		t.Error("the errors are not shown at all")
	}
}

func TestOptionsDoNotPrintTheToken(t *testing.T) {
	options := Options{Token: secret}
	if kept := New(options).options.Token; kept != "" {
		t.Errorf("the token is kept: %q", kept)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb+verb, options, &options); text != "web.Optionsweb.Options" {
			t.Errorf("%s: %s", verb, text)
		}
	}
}
