package elasticsearch

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/outputs/outputtest"
)

func TestConforms(t *testing.T) {
	for name, options := range map[string]Options{
		"index":                {Index: "logs"},
		"sprintf, one request": {Index: "logs-%{+YYYY.MM.dd}", CompressionLevel: 1, Concurrency: 1},
	} {
		t.Run(name, func(t *testing.T) {
			outputtest.Run(t, func(t *testing.T) outputtest.Fixture {
				s := newServer(t)
				options := options
				options.Hosts = []string{s.URL}
				return fixtureOf(t, s, options)
			})
		})
	}
}

// deliveryOptions returns the options of a Delivery of such an output.
func deliveryOptions(t *testing.T, options Options) outputs.Options {
	t.Helper()
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	templates, err := logstash.NewTemplates(encoder, newOutput(t, options).Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	return outputs.Options{Encoder: encoder, Texts: templates}
}

func fixtureOf(t *testing.T, s *server, options Options) outputtest.Fixture {
	random := rand.New(rand.NewPCG(1, 2)) // the server's lock guards it
	refuse := func(f func(index, id, body string) (int, string)) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.refuse = f
	}
	return outputtest.Fixture{
		Open: func(t *testing.T) outputs.Output {
			o, err := New(options)
			if err != nil {
				t.Fatal(err)
			}
			return o
		},
		Received: func(t *testing.T) [][]byte {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			onceEach(t, s.bodies)
			return slices.Clone(s.bodies)
		},
		Options: deliveryOptions(t, options),
		Fail: func(*testing.T) {
			s.answerWith(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				fail(w, http.StatusServiceUnavailable, "cluster_block_exception", "no master")
				return true
			})
		},
		Mend: func(*testing.T) {
			s.answerWith(nil)
			refuse(nil)
		},
		Stumble: func(*testing.T) {
			refuse(func(_, _, _ string) (int, string) {
				if random.IntN(10) > 0 {
					return 0, ""
				}
				return http.StatusTooManyRequests, `,"error":{"type":"es_rejected_execution_exception","reason":"full"}`
			})
		},
		Refuse: func(_ *testing.T, which func([]byte) bool) {
			refuse(func(_, _, body string) (int, string) {
				if !which([]byte(body)) {
					return 0, ""
				}
				return http.StatusBadRequest, `,"error":{"type":"document_parsing_exception","reason":"failed to parse"}`
			})
		},
		Hang: func(*testing.T) func() bool {
			var reached atomic.Bool
			s.answerWith(func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
				reached.Store(true)
				<-r.Context().Done()
				return true
			})
			return reached.Load
		},
		OnceAfterFailures: true,
	}
}

// onceEach checks what the suite asks of outputs with a state only: that nothing is there twice even after kills.
func onceEach(t *testing.T, bodies [][]byte) {
	t.Helper()
	seen := make(map[string]bool, len(bodies))
	for _, body := range bodies {
		number := fmt.Sprint(outputtest.NumberOf(t, body))
		if seen[number] {
			t.Fatalf("event %s is there twice", number)
		}
		seen[number] = true
	}
}
