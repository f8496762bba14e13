package elasticsearch

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fastServerVariable makes the test binary a server that answers bulk requests at little cost, so that what the benchmark
// measures in its own process is the output's work alone.
const fastServerVariable = "LOGBOOM_TEST_FAST_ELASTICSEARCH"

// serveFast answers each request with as many items as the header says, until its standard input ends.
func serveFast() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		count, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/_bulk"))
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Write(goodAnswer(count))
	}))
	io.Copy(io.Discard, os.Stdin)
}

func goodAnswer(count int) []byte {
	return []byte(`{"errors":false,"items":[` + strings.Repeat(`{"create":{"status":201}},`, count-1) + `{"create":{"status":201}}]}`)
}

// startFast starts such a server in a process of its own.
func startFast(b *testing.B) string {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), fastServerVariable+"=1")
	input, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		input.Close()
		command.Wait()
	})
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// processTime returns the CPU time that this process has used.
func processTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const benchmarkLine = `{"@timestamp":"2026-11-23T19:18:00.123Z","@metadata":{"beat":"filebeat","type":"_doc","version":"8.6.1"},` +
	`"log":{"offset":%d,"file":{"path":"/var/log/nginx/access.log"}},"message":"192.0.2.%d - - [23/Nov/2026:19:18:00 +0000] ` +
	`\"GET /images/%x.png HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"","input":{"type":"filestream"},` +
	`"ecs":{"version":"8.0.0"},"host":{"name":"web1"},"agent":{"ephemeral_id":"5ff1f4e8-3ae7-44b1-b2c3-3f6d2d1d6d4a",` +
	`"id":"e1d8b1c7-7c49-4b52-9d3c-6e4c1a1b9f11","name":"web1","type":"filebeat","version":"8.6.1"}}`

// BenchmarkWrite reports the CPU time of this process for one event. The batch is 5 MiB, the server is another process.
func BenchmarkWrite(b *testing.B) {
	url := startFast(b)
	for _, c := range []struct {
		name    string
		options Options
	}{
		{"index", Options{Index: "n"}},
		{"index/auto", Options{Index: "n", DocumentID: IDAuto}},
		{"sprintf", Options{Index: "%{[@metadata][beat]}-%{[@metadata][version]}"}},
		{"stream", Options{}},
		{"index/gzip1", Options{Index: "n", CompressionLevel: 1}},
	} {
		c.options.Hosts = []string{url}
		b.Run(c.name, func(b *testing.B) {
			o := newOutput(b, c.options)
			var documents []string
			for i := range 8192 {
				documents = append(documents, fmt.Sprintf(benchmarkLine, i*200, i%256, i*i*7919, i*13))
			}
			batch := batchOf(b, o, documents...)
			o.plan.path = fmt.Sprintf("/%d/_bulk", len(batch.Events))
			b.ReportAllocs()
			b.ResetTimer()
			began, events := processTime(), 0
			for b.Loop() {
				outcomes, err := o.Write(b.Context(), batch)
				if err != nil || outcomes[0] != nil {
					b.Fatal(err, outcomes[0])
				}
				events += len(batch.Events)
			}
			b.ReportMetric(float64(processTime()-began)/float64(events), "cpu-ns/event")
			b.ReportMetric(float64(batch.Bytes)/float64(len(batch.Events)), "B/event")
		})
	}
}

// BenchmarkFill is what making the body costs, without the network.
func BenchmarkFill(b *testing.B) {
	for _, level := range []int{0, 1} {
		b.Run(fmt.Sprint("gzip", level), func(b *testing.B) {
			o := newOutput(b, Options{Hosts: []string{"http://127.0.0.1:1"}, Index: "%{[@metadata][beat]}"})
			var documents []string
			for i := range 8192 {
				documents = append(documents, fmt.Sprintf(benchmarkLine, i*200, i%256, i*i*7919, i*13))
			}
			batch := batchOf(b, o, documents...)
			r, _ := newRequest(level)
			b.SetBytes(int64(batch.Bytes))
			for b.Loop() {
				r.begin()
				for i := range batch.Events {
					if err := r.add(o.plan, &batch.Events[i]); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := r.finish(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(batch.Events)), "ns/event")
		})
	}
}

// BenchmarkAnswer compares the fast way of reading an answer with the other one, and with an answer of errors alone.
func BenchmarkAnswer(b *testing.B) {
	const count = 8192
	body := goodAnswer(count)
	withIDs := bytes.ReplaceAll(body, []byte(`"status"`), []byte(`"_id":"01234567890123456789","status"`))
	b.Run("fast", func(b *testing.B) {
		for b.Loop() {
			if !allDone(body, ActionCreate, count) {
				b.Fatal("not all")
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*count), "ns/event")
	})
	b.Run("decoded", func(b *testing.B) {
		for b.Loop() {
			if items, err := itemsOf(body, ActionCreate, count); err != nil || len(items) != count {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*count), "ns/event")
	})
	b.Run("decoded/ids", func(b *testing.B) {
		for b.Loop() {
			if items, err := itemsOf(withIDs, ActionCreate, count); err != nil || len(items) != count {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*count), "ns/event")
	})
}
