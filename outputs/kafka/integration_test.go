//go:build integration

package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/logboom/logboom/internal/kafka"
	"github.com/logboom/logboom/outputs"
	"github.com/logboom/logboom/outputs/logstash"
)

// These tests need a real broker: LOGBOOM_TEST_KAFKA is its plaintext bootstrap address. LOGBOOM_TEST_KAFKA_SASL, where
// set, is a SASL_SSL listener of it with the user logboom, password logboom-secret, whose CA is in the file
// LOGBOOM_TEST_KAFKA_CA. LOGBOOM_TEST_KAFKA_SERVICE, where set, is the script that starts brokers for tests; it is used for
// one of its own that is killed.
const (
	plaintextVariable = "LOGBOOM_TEST_KAFKA"
	secureVariable    = "LOGBOOM_TEST_KAFKA_SASL"
	caVariable        = "LOGBOOM_TEST_KAFKA_CA"
	serviceVariable   = "LOGBOOM_TEST_KAFKA_SERVICE"
	realPassword      = "logboom-secret"
)

func setting(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	switch {
	case value == "" && variable == plaintextVariable:
		t.Fatalf("%s is not set: it is the bootstrap address of a Kafka broker for tests", variable)
	case value == "":
		t.Skipf("%s is not set", variable)
	}
	return value
}

func adminOf(t testing.TB, brokers ...string) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// newTopic makes a topic that only this test uses.
func newTopic(t testing.TB, address string, partitions int32, configs map[string]*string) string {
	t.Helper()
	name := topicName(t)
	admin := adminOf(t, address)
	if _, err := admin.CreateTopic(context.Background(), partitions, 1, configs, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.DeleteTopic(context.Background(), name) })
	return name
}

func topicName(t testing.TB) string {
	return fmt.Sprintf("logboom-%s-%d", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), time.Now().UnixNano())
}

func TestRealBrokerRecordIsLogstashs(t *testing.T) {
	const sent = `{"@timestamp":"2026-11-23T19:18:00.123Z","@metadata":{"beat":"filebeat","type":"_doc","version":"8.6.1"},` +
		`"message":"101","log":{"offset":292,"file":{"path":"/input_stream/example.log"}},"input":{"type":"filestream"},` +
		`"ecs":{"version":"8.0.0"},"host":{"name":"web1"},"agent":{"type":"filebeat","version":"8.6.1","ephemeral_id":"e","id":"i","name":"web1"}}`
	const want = `{"@timestamp":"2026-11-23T19:18:00.123Z","@version":"1","agent":{"ephemeral_id":"e","id":"i","name":"web1",` +
		`"type":"filebeat","version":"8.6.1"},"ecs":{"version":"8.0.0"},"event":{"original":"101"},"host":{"name":"web1"},` +
		`"input":{"type":"filestream"},"log":{"file":{"path":"/input_stream/example.log"},"offset":292},"message":"101",` +
		`"tags":["beats_input_codec_plain_applied"]}`
	address := setting(t, plaintextVariable)
	encoder, err := logstash.NewEncoder(logstash.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var found logstash.Found
	body, err := encoder.Append(nil, []byte(sent), &logstash.Origin{}, &found)
	if err != nil {
		t.Fatal(err)
	}
	topic := newTopic(t, address, 1, nil)
	w := newWriter(t, optionsFor(address))
	before := time.Now().Add(-time.Second)
	w.must(w.batch(topic, string(body)))
	records := stored(t, []string{address}, 1, []string{topic})
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	record := records[0]
	if record.Key != nil || len(record.Headers) != 0 || record.Timestamp.Before(before) || record.Attrs.TimestampType() != 0 {
		t.Errorf("the record is %+v", record)
	}
	if bytes.HasSuffix(record.Value, []byte("\n")) || !reflect.DeepEqual(decoded(t, record.Value), decoded(t, []byte(want))) {
		t.Errorf("got  %s\nwant %s", record.Value, want)
	}
}

func decoded(t *testing.T, document []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return value
}

func TestRealBrokerInOrder(t *testing.T) {
	address := setting(t, plaintextVariable)
	for _, compression := range []Compression{CompressionNone, CompressionGzip, CompressionSnappy, CompressionLZ4, CompressionZstd} {
		t.Run(string(compression), func(t *testing.T) {
			topic := newTopic(t, address, 1, nil)
			options := optionsFor(address)
			options.Compression = compression
			w := newWriter(t, options)
			want := numbered(strings.Repeat("event ", 100), 1, 8000)
			w.must(w.batch(topic, want[:7000]...))
			w.must(w.batch(topic, want[7000:]...))
			records := stored(t, []string{address}, len(want), []string{topic})
			if got := valuesOf(records); !slices.Equal(got, want) {
				t.Errorf("%d records, or not in order", len(got))
			}
			if got := records[0].Attrs.CompressionType(); Compression([]string{"none", "gzip", "snappy", "lz4", "zstd"}[got]) != compression {
				t.Errorf("stored as %d", got)
			}
		})
	}
}

func TestRealBrokerBoundsBatches(t *testing.T) {
	address := setting(t, plaintextVariable)
	most := "5000"
	topic := newTopic(t, address, 1, map[string]*string{"max.message.bytes": &most})
	options := optionsFor(address)
	options.Compression = CompressionNone
	w := newWriter(t, options)
	want := numbered(strings.Repeat("v", 400), 1, 300)
	outcomes := w.once(joined(w.batch(topic, want[:100]...), w.batch(topic, strings.Repeat("L", 5000)), w.batch(topic, want[100:]...)))
	for i, outcome := range outcomes {
		if (i == 100) != isPermanent(outcome) || i != 100 && outcome != nil {
			t.Fatalf("event %d: %v", i, outcome)
		}
	}
	if got := valuesOf(stored(t, []string{address}, 300, []string{topic})); !slices.Equal(got, want) {
		t.Errorf("%d records, or not in order", len(got))
	}
}

// A compacted topic takes no records without keys: that is the setting's fault, not the events'.
func TestRealBrokerWantsKeys(t *testing.T) {
	address := setting(t, plaintextVariable)
	policy := "compact"
	topic := newTopic(t, address, 1, map[string]*string{"cleanup.policy": &policy})
	w := newWriter(t, optionsFor(address))
	batch := w.batch(topic, "a", "b")
	outcomes := w.once(batch)
	if !isBlocked(outcomes[0]) || !strings.Contains(outcomes[0].Error(), topic) || !errors.Is(outcomes[1], outputs.ErrNotTried) {
		t.Errorf("outcomes %v", outcomes)
	}
	options := optionsFor(address)
	options.Key = "%{[host][name]}"
	keyed := newWriter(t, options)
	for i := range batch.Events {
		batch.Events[i].Texts[textKey] = []byte("k")
	}
	keyed.must(batch)
}

func TestRealBrokerTopicMadeAnew(t *testing.T) {
	address := setting(t, plaintextVariable)
	topic := newTopic(t, address, 1, nil)
	admin := adminOf(t, address)
	w := newWriter(t, optionsFor(address))
	w.must(w.batch(topic, "old"))
	if _, err := admin.DeleteTopic(context.Background(), topic); err != nil {
		t.Fatal(err)
	}
	want := numbered("new", 1, 100)
	batch := w.batch(topic, want...) // the broker creates it again, unless somebody else does
	w.until(batch)
	got := valuesOf(stored(t, []string{address}, len(want), []string{topic}))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d records: %.300s", len(got), fmt.Sprint(got))
	}
}

func TestRealBrokerCreatesTheTopic(t *testing.T) {
	address := setting(t, plaintextVariable)
	topic := topicName(t)
	options := optionsFor(address)
	options.Topic = topic
	w := newWriter(t, options)
	if err := w.Check(context.Background()); err != nil {
		t.Errorf("Check: %v", err)
	}
	admin := adminOf(t, address)
	t.Cleanup(func() { _, _ = admin.DeleteTopic(context.Background(), topic) })
	if details, err := admin.ListTopics(context.Background()); err != nil || details.Has(topic) {
		t.Errorf("Check created the topic, %v", err)
	}
	w.must(w.batch(topic, "a"))
	if got := valuesOf(stored(t, []string{address}, 1, []string{topic})); !slices.Equal(got, []string{"a"}) {
		t.Errorf("stored is %q", got)
	}
}

func secureOptions(t *testing.T, mechanism, password string) Options {
	t.Helper()
	options := optionsFor(setting(t, secureVariable))
	loaded, err := kafka.LoadTLS(os.Getenv(caVariable), "", "", false)
	if err != nil {
		t.Fatal(err)
	}
	options.Cluster.TLS = loaded
	options.Cluster.SASL = kafka.SASL{Mechanism: mechanism, Username: "logboom", Password: password}
	return options
}

func TestRealBrokerWithLogin(t *testing.T) {
	for _, mechanism := range []string{kafka.ScramSHA256, kafka.ScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			options := secureOptions(t, mechanism, realPassword)
			address := setting(t, plaintextVariable)
			options.Topic = newTopic(t, address, 1, nil)
			w := newWriter(t, options)
			if err := w.Check(context.Background()); err != nil {
				t.Errorf("Check: %v", err)
			}
			w.must(w.batch(options.Topic, "a", "b"))
			if got := valuesOf(stored(t, []string{address}, 2, []string{options.Topic})); !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("stored is %q", got)
			}
		})
	}
}

func TestRealBrokerRefusesTheLogin(t *testing.T) {
	const wrong = "wrong-password"
	w := newWriter(t, secureOptions(t, kafka.ScramSHA256, wrong))
	begin := time.Now()
	outcomes := w.once(w.batch(testTopic, "a"))
	if !isBlocked(outcomes[0]) || !errors.Is(outcomes[0], kafka.ErrAuthentication) || strings.Contains(outcomes[0].Error(), wrong) {
		t.Errorf("outcomes %v", outcomes)
	}
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	untrusting := secureOptions(t, kafka.ScramSHA256, realPassword)
	untrusting.Cluster.TLS, _ = kafka.LoadTLS("", "", "", false)
	w = newWriter(t, untrusting)
	if outcomes := w.once(w.batch(testTopic, "a")); !isBlocked(outcomes[0]) || !errors.Is(outcomes[0], kafka.ErrTLS) {
		t.Errorf("outcomes %v", outcomes)
	}
	plain := secureOptions(t, kafka.ScramSHA256, realPassword)
	plain.Cluster.TLS = nil
	w = newWriter(t, plain)
	if outcomes := w.once(w.batch(testTopic, "a")); outcomes[0] == nil || isPermanent(outcomes[0]) {
		t.Errorf("outcomes %v", outcomes)
	}
}

// ownBroker is a broker that is killed.
type ownBroker struct {
	testing.TB
	script, folder, address string
}

func (b *ownBroker) run(arguments ...string) {
	b.Helper()
	_, port, _ := strings.Cut(b.address, ":")
	command := exec.Command(b.script, append(arguments, "--port", port, "--dir", b.folder)...)
	if output, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s", arguments, err, output)
	}
}

// brokerPort returns a port that nobody listens on, nor on the one above it, which the controller takes. It is below those that the
// system gives to clients, one of which might have it when the broker is started again.
func brokerPort(t *testing.T) int {
	t.Helper()
	free := func(port int) bool {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = listener.Close()
		}
		return err == nil
	}
	for range 100 {
		if port := 10_000 + rand.IntN(10_000); free(port) && free(port+1) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// kill ends the broker as if the power had failed, but for what the system has in memory.
func (b *ownBroker) kill() {
	b.Helper()
	processes, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, process := range processes {
		line, err := os.ReadFile("/proc/" + process.Name() + "/cmdline")
		if err != nil || !bytes.Contains(line, []byte(b.folder+"/server.properties")) || !bytes.Contains(line, []byte("java")) {
			continue
		}
		var number int
		if _, err := fmt.Sscan(process.Name(), &number); err == nil {
			if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
				b.Fatal(err)
			}
			return
		}
	}
	b.Fatal("the broker to kill was not found")
}

// The broker is killed again and again under load, and started. The producer lives, so nothing is lost, and nothing twice.
func TestRealBrokerIsKilled(t *testing.T) {
	script := setting(t, serviceVariable)
	broker := &ownBroker{TB: t, script: script, folder: t.TempDir() + "/kafka", address: fmt.Sprintf("127.0.0.1:%d", brokerPort(t))}
	broker.run("start")
	t.Cleanup(func() { broker.run("stop", "--wipe") })
	topic := newTopic(t, broker.address, 3, nil)
	options := optionsFor(broker.address)
	options.Timeout = 3 * time.Second // so that several Writes wait for the same records
	w := newWriter(t, options)
	written, waits := 0, 0
	load := func(enough func() bool) {
		for !enough() {
			values := numbered(fmt.Sprintf("%s-", strings.Repeat("x", 300)), written+1, written+2000)
			tries, _ := w.until(w.batch(topic, values...))
			written, waits = written+2000, waits+tries-1
		}
	}
	load(func() bool { return written >= 20_000 })
	const kills = 3
	for range kills {
		started := make(chan struct{})
		go func() {
			defer close(started)
			time.Sleep(100 * time.Millisecond)
			broker.kill()
			broker.run("start")
		}()
		load(func() bool {
			select {
			case <-started:
				return true
			default:
				return false
			}
		})
	}
	load(func() bool { return written%100_000 == 0 || written > 50_000 })
	seen := make(map[string]int)
	for _, value := range valuesOf(stored(t, []string{broker.address}, written, []string{topic})) {
		seen[value]++
	}
	lost, double := 0, 0
	for _, value := range numbered(fmt.Sprintf("%s-", strings.Repeat("x", 300)), 1, written) {
		switch {
		case seen[value] == 0:
			lost++
		case seen[value] > 1:
			double++
		}
	}
	t.Logf("%d kills, %d Writes without an outcome: %d events written, %d lost, %d double", kills, waits, written, lost, double)
	if lost > 0 || double > 0 {
		t.Errorf("%d lost, %d double", lost, double)
	}
	if waits == 0 {
		t.Error("no Write was interrupted")
	}
}

// BenchmarkRealBroker measures the CPU of this process for an event.
func BenchmarkRealBroker(b *testing.B) {
	address := setting(b, plaintextVariable)
	for _, compression := range []Compression{CompressionNone, CompressionSnappy, CompressionLZ4, CompressionZstd, CompressionGzip} {
		b.Run(string(compression), func(b *testing.B) {
			retention := "20000000"
			topic := newTopic(b, address, 1, map[string]*string{"retention.bytes": &retention, "segment.bytes": &retention})
			options := optionsFor(address)
			options.Compression = compression
			w := newWriter(b, options)
			batch := benchmarkBatch(w, topic)
			b.ReportAllocs()
			before := processTime()
			events := 0
			for b.Loop() {
				outcomes, err := w.Write(context.Background(), batch)
				if err != nil || outcomes[0] != nil || outcomes[len(outcomes)-1] != nil {
					b.Fatal(err, outcomes[0])
				}
				events += len(outcomes)
			}
			b.ReportMetric(float64((processTime()-before).Nanoseconds())/float64(events), "cpu-ns/event")
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// benchmarkBatch returns as many events as a Delivery gives at once, like those of an nginx's access log.
func benchmarkBatch(w *writer, topic string) *outputs.Batch {
	batch := w.batch(topic)
	for i := 0; batch.Bytes < outputs.DefaultBatchBytes; i++ {
		line := fmt.Sprintf(`10.%d.%d.%d - - [24/Nov/2026:01:%02d:%02d +0000] "GET /articles/%d?page=%d HTTP/1.1" %d %d "https://example.com/%x" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`,
			i*7%256, i*13%256, i*31%256, i/60%60, i%60, i*i%9973, i%10, []int{200, 200, 200, 304, 404, 500}[i%6], i*7919%100_000, i*i*2654435761)
		quoted, _ := json.Marshal(line)
		added := w.batch(topic, fmt.Sprintf(`{"@timestamp":"2026-11-24T01:%02d:%02d.%03dZ","@version":"1","agent":{"ephemeral_id":"3f0f6e2c-7a43-4b0b-9a2c-1f8f2d6f0c11","id":"a7a3a1f0-51b0-4c2f-9d9f-0e4a1a9d3f10","name":"web1","type":"filebeat","version":"8.6.1"},"ecs":{"version":"8.0.0"},"event":{"original":%s},"host":{"name":"web1"},"input":{"type":"filestream"},"log":{"file":{"path":"/var/log/nginx/access.log"},"offset":%d},"message":%s,"tags":["beats_input_codec_plain_applied"]}`,
			i/60%60, i%60, i%1000, quoted, i*212, quoted))
		batch.Events = append(batch.Events, added.Events...)
		batch.Bytes += added.Bytes
	}
	return batch
}

func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
