package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/sinks/sinktest"
)

// bulkServer takes documents as Elasticsearch does, and refuses some for good, as a mapping does.
type bulkServer struct {
	mutex sync.Mutex
	// refuses says why a document is refused; nil or no text for none.
	refuses func(document string) string
	// documents are those that were taken, by index and id.
	documents map[string]string
	requests  int
	// silent, where it is not nil, gets a value for each request whose documents were taken, which is never answered.
	silent chan struct{}
}

func newBulkServer(t *testing.T) (*bulkServer, string) {
	s := &bulkServer{documents: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *bulkServer) refuse(f func(document string) string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refuses = f
}

// silence makes the server take what comes, say so on the channel, and never answer; nil ends that.
func (s *bulkServer) silence(said chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.silent = said
}

func (s *bulkServer) asked() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.requests
}

func (s *bulkServer) taken() map[string]string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	taken := map[string]string{}
	for id, document := range s.documents {
		taken[id] = document
	}
	return taken
}

// ServeHTTP implements http.Handler.
func (s *bulkServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(r.URL.Path, "/_bulk") {
		fmt.Fprint(w, `{"version":{"number":"8.15.5"},"tagline":"You Know, for Search"}`)
		return
	}
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		in, _ = gzip.NewReader(r.Body)
	}
	body, _ := io.ReadAll(in)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests++
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	var items []string
	failed := false
	for i := 0; i+1 < len(lines); i += 2 {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		_ = json.Unmarshal(lines[i], &action)
		id, document := action["create"].Index+"/"+action["create"].ID, string(lines[i+1])
		switch _, there := s.documents[id]; {
		case s.refuses != nil && s.refuses(document) != "":
			failed = true
			items = append(items, fmt.Sprintf(`{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":%q}}}`,
				s.refuses(document)))
		case there:
			failed = true
			items = append(items, `{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"there"}}}`)
		default:
			s.documents[id] = document
			items = append(items, `{"create":{"status":201}}`)
		}
	}
	if s.silent != nil {
		s.silent <- struct{}{}
		<-r.Context().Done()
		return
	}
	fmt.Fprintf(w, `{"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

// dlq runs a command of dlq in a folder, and returns what it printed and its exit code.
func dlq(t *testing.T, folder string, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "logboom", append([]string{"dlq"}, arguments...)...)
	command.Dir = folder
	var out, err bytes.Buffer
	command.Stdout, command.Stderr = &out, &err
	failure := command.Run()
	var exit *exec.ExitError
	if failure != nil && !errors.As(failure, &exit) {
		t.Fatalf("%v: %v", command, failure)
	}
	return out.String(), err.String(), command.ProcessState.ExitCode()
}

// shipTo sends events and waits until they are acknowledged.
func shipTo(t *testing.T, p *process, events ...string) {
	t.Helper()
	ctx, cancel := soon()
	defer cancel()
	client, err := shipper.Dial(ctx, shipper.DefaultOptions(p.lumberjack))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	list := make([][]byte, len(events))
	for i, event := range events {
		list[i] = []byte(event)
	}
	if err := errors.Join(client.Send(ctx, list), client.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
}

// countLetters returns how many letters there are.
func countLetters(t *testing.T, folder string, arguments ...string) int {
	t.Helper()
	out, complaint, code := dlq(t, folder, append([]string{"ls", "--json", "--limit", "0"}, arguments...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, complaint)
	}
	return strings.Count(out, "\n")
}

const dlqConfiguration = `
journal: {budget: 16MiB, segment_size: 1MiB, reserve: 1MiB}
inputs: {lumberjack: {listen: "127.0.0.1:0"}}
http: {listen: "127.0.0.1:0"}
outputs:
  web: {type: elasticsearch, hosts: ["%s"], index: "%%{[@metadata][beat]}-%%{+yyyy.MM.dd}"}
`

// TestReplayBesideARunningProcess: what Elasticsearch refuses becomes letters, which are replayed while logboom runs and
// while it does not, to the index that was theirs, each once.
func TestReplayBesideARunningProcess(t *testing.T) {
	server, url := newBulkServer(t)
	server.refuse(func(document string) string {
		if strings.Contains(document, "bad") {
			return "[1:7] failed to parse field [n] of type [long]"
		}
		return ""
	})
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "logboom.yml"), fmt.Appendf(nil, dlqConfiguration, url), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	event := func(message string) string {
		return fmt.Sprintf(`{"@timestamp":"2026-11-24T10:00:00.000Z","@metadata":{"beat":"filebeat"},"message":"%s"}`, message)
	}
	shipTo(t, p, event("good 1"), event("bad 1"), event("bad 2"), event("worse bad 3"), event("good 2"), "no JSON")
	waitFor(t, "two documents", func() bool { return len(server.taken()) == 2 })
	waitFor(t, "three letters of the output", func() bool { return countLetters(t, folder, "--output", "web") == 3 })

	// Still refused: they stay, and nothing was written.
	out, complaint, code := dlq(t, folder, "replay")
	if code != 1 || !strings.Contains(out, "web: 3 letters refused again: ") || !strings.Contains(complaint, "3 letters could not be replayed") ||
		!strings.Contains(out, "lumberjack: 1 letter left alone") {
		t.Fatalf("exit code %d\n%s%s", code, out, complaint)
	}
	if out, _, _ = dlq(t, folder, "ls"); strings.Count(out, "again: ") != 3 {
		t.Errorf("the new reasons are not shown:\n%s", out)
	}

	// Mended for two of them.
	server.refuse(func(document string) string {
		if strings.Contains(document, "worse") {
			return "still not"
		}
		return ""
	})
	before := server.asked()
	if out, _, code = dlq(t, folder, "replay", "--output", "web", "--dry-run"); code != 0 || server.asked() != before {
		t.Errorf("a dry run ended with %d, after %d requests:\n%s", code, server.asked()-before, out)
	}
	out, complaint, code = dlq(t, folder, "replay", "--output", "web", "--json")
	if code != 1 || strings.Count(out, `"outcome":"replayed"`) != 2 || strings.Count(out, `"outcome":"refused","reason":"`) != 1 {
		t.Fatalf("exit code %d\n%s%s", code, out, complaint)
	}
	if got := countLetters(t, folder, "--output", "web"); got != 1 {
		t.Errorf("%d letters are left", got)
	}

	// Mended for the last one too, and nobody runs.
	server.refuse(nil)
	if err := p.terminate(); err != nil {
		t.Fatal(err)
	}
	if out, complaint, code = dlq(t, folder, "replay", "--output", "web"); code != 0 || !strings.Contains(out, "web: 1 letter written") {
		t.Fatalf("exit code %d\n%s%s", code, out, complaint)
	}
	messages := map[string]int{}
	for id, document := range server.taken() {
		var read struct{ Message string }
		if err := json.Unmarshal([]byte(document), &read); err != nil || !strings.HasPrefix(id, "filebeat-2026.11.24/") {
			t.Errorf("%v: %s is %s", err, id, document)
		}
		messages[read.Message]++
	}
	if len(messages) != 5 || len(server.taken()) != 5 {
		t.Errorf("Elasticsearch has %v", messages)
	}
	if out, complaint, code = dlq(t, folder, "drop", "--yes", "--all"); code != 0 || !strings.HasPrefix(out, "1 letter dropped") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}

// writeFiles makes files in a new folder, which it returns.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, contents := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(contents), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// firstSegment is where the first letters are.
const firstSegment = "data/dead-letters/0000000001.ndjson"

// oneLetter is a letter of the output web.
const oneLetter = `{"time":"2026-11-24T10:00:01Z","output":"web","id":"--------0---------01","reason":"no",` +
	`"event":{"time":"2026-11-24T09:00:00Z","texts":["logs-a"]},"document":{"host":"h","a":1}}` + "\n"

// TestAnOutputThatIsDown: nothing is marked that was not taken.
func TestAnOutputThatIsDown(t *testing.T) {
	folder := writeFiles(t, map[string]string{
		"logboom.yml": fmt.Sprintf(dlqConfiguration, "http://127.0.0.1:1"), firstSegment: oneLetter,
	})
	out, complaint, code := dlq(t, folder, "replay", "--attempts", "2")
	if code != 1 || !strings.Contains(out, "web: 1 letter not written: ") || !strings.Contains(out, "refused") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
	if got := countLetters(t, folder); got != 1 {
		t.Errorf("%d letters are left", got)
	}
}

// TestAReplayThatIsKilled: what was taken and not marked is replayed again, and Elasticsearch doubles nothing.
func TestAReplayThatIsKilled(t *testing.T) {
	server, url := newBulkServer(t)
	silent := make(chan struct{}, 1)
	server.silence(silent)
	folder := writeFiles(t, map[string]string{"logboom.yml": fmt.Sprintf(dlqConfiguration, url), firstSegment: oneLetter})
	command := exec.CommandContext(t.Context(), "logboom", "dlq", "replay")
	command.Dir = folder
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	<-silent
	if out, complaint, code := dlq(t, folder, "replay"); code != 1 || !strings.Contains(complaint, "another process replays or drops") {
		t.Errorf("a second replay ended with %d\n%s%s", code, out, complaint)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // it was killed
	if got := countLetters(t, folder); got != 1 {
		t.Fatalf("%d letters are left", got)
	}
	server.silence(nil)
	if out, complaint, code := dlq(t, folder, "replay"); code != 0 || !strings.Contains(out, "web: 1 letter written") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
	if taken := server.taken(); len(taken) != 1 || taken["logs-a/--------0---------01"] != `{"host":"h","a":1}` || server.asked() != 2 {
		t.Errorf("after %d requests there are %v", server.asked(), taken)
	}
}

// TestReplayToAnotherOutput: the index is the one that was made at the time where the other output makes it in the same way,
// else it is made of what the letter holds.
func TestReplayToAnotherOutput(t *testing.T) {
	server, url := newBulkServer(t)
	configuration := "outputs:\n"
	for name, index := range map[string]string{
		"web": "%{[@metadata][beat]}-a", "same": "%{[@metadata][beat]}-a", "other": "%{[@metadata][beat]}-b",
		"host": "%{[host]}-%{+yyyy}", "fixed": "x",
	} {
		configuration += fmt.Sprintf("  %s: {type: elasticsearch, hosts: [%q], index: %q}\n", name, url, index)
	}
	raw := `{"time":"2026-11-24T10:00:01Z","output":"gone","id":"--------0---------02","reason":"no","event":{"as_it_came":true},` +
		`"document":{"@timestamp":"2026-11-24T09:00:00.000Z","@metadata":{"beat":"filebeat"},"message":"m"}}` + "\n"
	for _, c := range []struct{ letter, to, id, failure string }{
		{letter: oneLetter, to: "same", id: "logs-a/--------0---------01"},
		{letter: oneLetter, to: "host", id: "h-2026/--------0---------01"},
		{letter: oneLetter, to: "fixed", id: "/--------0---------01"},
		{letter: oneLetter, to: "other", failure: "@metadata is not kept in letters"},
		{letter: raw, to: "other", id: "filebeat-b/--------0---------02"},
		{letter: raw, failure: "no output of the configuration has this name; choose one with --to"},
	} {
		folder := writeFiles(t, map[string]string{"logboom.yml": configuration, firstSegment: c.letter})
		arguments := []string{"replay"}
		if c.to != "" {
			arguments = append(arguments, "--to", c.to)
		}
		out, complaint, code := dlq(t, folder, arguments...)
		if code != 0 && c.failure == "" || !strings.Contains(out, c.failure) {
			t.Errorf("to %s: exit code %d\n%s%s", c.to, code, out, complaint)
		}
		if _, taken := server.taken()[c.id]; taken != (c.failure == "") {
			t.Errorf("to %s: there are %v", c.to, server.taken())
		}
	}
}

// TestReplayOfAlerts: an alert that Elasticsearch refused is a letter, and goes to it under its own id once that is mended, while
// logboom runs.
func TestReplayOfAlerts(t *testing.T) {
	refusing, mended := sinktest.NewElasticsearch(t), sinktest.NewElasticsearch(t)
	refusing.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		if !strings.HasSuffix(r.Path, "/_bulk") {
			return false
		}
		id := regexp.MustCompile(`"_id":"[0-9a-f]+"`).Find(r.Body)
		fmt.Fprintf(w, `{"items":[{"create":{%s,"status":400,"error":{"type":"document_parsing_exception","reason":"failed"}}}]}`, id)
		return true
	})
	folder := t.TempDir()
	configure := func(url string) {
		text := fmt.Sprintf(`
journal: {budget: 16MiB, segment_size: 1MiB, reserve: 1MiB}
inputs: {lumberjack: {listen: "127.0.0.1:0"}}
http: {listen: "127.0.0.1:0"}
rules: [{name: burst, window: 1s, threshold: 2, idle: off}]
alerts: {builtin: false, elasticsearch: {hosts: ["%s"]}}
outputs: {web: {type: stdout, where: "1 == 2"}}
`, url)
		if err := os.WriteFile(filepath.Join(folder, "logboom.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure(refusing.URL)
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	event := `{"@timestamp":"2026-11-24T10:00:00.000Z","message":"m"}`
	shipTo(t, p, event, event)
	waitFor(t, "a letter", func() bool { return countLetters(t, folder, "--output", "elasticsearch") == 1 })
	var letter struct{ ID string }
	if out, _, _ := dlq(t, folder, "ls", "--json"); json.Unmarshal([]byte(out), &letter) != nil {
		t.Fatal(out)
	}

	expect := func(wantCode int, want string, arguments ...string) {
		t.Helper()
		out, complaint, code := dlq(t, folder, arguments...)
		if code != wantCode || !strings.Contains(out, want) {
			t.Errorf("%q: exit code %d, want %q\n%s%s", arguments, code, want, out, complaint)
		}
	}
	expect(0, "mend what the reason says in alerts.elasticsearch, then: logboom dlq replay ", "show", letter.ID)
	expect(1, "alerts.elasticsearch: 1 letter refused again: ", "replay")
	expect(1, "elasticsearch: 1 letter left alone: it is an alert, which no output of events is given", "replay", "--to", "web", letter.ID)
	expect(0, "alerts.elasticsearch: 1 letter would be written", "replay", "--dry-run")
	configure(mended.URL)
	expect(0, "alerts.elasticsearch: 1 letter written", "replay")
	if got := mended.Documents(); len(got) != 1 || !bytes.Contains(got[0], []byte(`"event":{"id":"`+letter.ID+`"`)) {
		t.Errorf("there are %s", got)
	}
	if left := countLetters(t, folder); left != 0 {
		t.Errorf("%d letters are left", left)
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
}

// TestDroppingBesideARunningProcess: a process writes letters while others are dropped again and again. Each letter is
// dropped once.
func TestDroppingBesideARunningProcess(t *testing.T) {
	folder := t.TempDir()
	configuration := "journal: {budget: 16MiB, segment_size: 1MiB, reserve: 1MiB}\n" +
		"inputs: {lumberjack: {listen: \"127.0.0.1:0\"}}\nhttp: {listen: \"127.0.0.1:0\"}\n"
	if err := os.WriteFile(filepath.Join(folder, "logboom.yml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, folder, nil)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	const windows, each = 40, 25
	shipped := make(chan struct{})
	go func() {
		defer close(shipped)
		for range windows {
			events := make([]string, each)
			for i := range events {
				events[i] = "no JSON"
			}
			shipTo(t, p, events...)
		}
	}()
	dropped := 0
	drop := func() {
		out, complaint, code := dlq(t, folder, "drop", "--all", "--yes")
		var count int
		if _, err := fmt.Sscanf(out, "%d letter", &count); code != 0 || err != nil && !strings.Contains(complaint, "no dead letters") {
			t.Fatalf("exit code %d: %v\n%s%s", code, err, out, complaint)
		}
		dropped += count
	}
	for going := true; going; {
		select {
		case <-shipped:
			going = false
		default:
		}
		drop()
	}
	if dropped != windows*each || countLetters(t, folder) != 0 {
		t.Errorf("%d letters of %d were dropped", dropped, windows*each)
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	if p.raced() {
		t.Error(p.stderr)
	}
}

// TestHelpOfDLQTeaches asks the commands below dlq for help, as TestHelpTeaches does the others.
func TestHelpOfDLQTeaches(t *testing.T) {
	commands := newDLQ().Commands()
	if len(commands) != 4 {
		t.Errorf("%d commands", len(commands))
	}
	for _, command := range commands {
		t.Run(command.Name(), func(t *testing.T) { dlqHelpTeaches(t, command) })
	}
}

func dlqHelpTeaches(t *testing.T, command *cobra.Command) {
	t.Helper()
	answer, complaint, code := dlq(t, t.TempDir(), command.Name(), "--help")
	if code != 0 || !strings.HasPrefix(answer, command.Long) || !strings.Contains(answer, "Examples:\n  logboom dlq "+command.Name()) {
		t.Errorf("exit code %d\n%s%s", code, answer, complaint)
	}
	for line := range strings.Lines(answer) {
		if len(line) > 160 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}
