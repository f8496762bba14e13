package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/sinks/sinktest"
)

// The secrets of the configurations below. Each stands for itself wherever it is found.
const (
	secretPassword = "hunter2/elastic+password"
	secretAPIKey   = "hunter2-id:hunter2-api-key"
	secretToken    = "xoxb-hunter2-slack-token"
	secretWebhook  = "hunter2-slack-webhook"
	secretHTTP     = "hunter2-http-token"
	secretSASL     = "hunter2-kafka-password"
)

const secretsOfPasswords = `
journal: {budget: 64MiB, segment_size: 1MiB, reserve: 1MiB}
inputs:
  lumberjack: {listen: "127.0.0.1:0"}
  kafka: {brokers: ["127.0.0.1:1"], sasl: {mechanism: PLAIN, username: logboom, password: "$SASL"}}
rules: [{name: burst, window: 1s, threshold: 2, idle: off}]
alerts:
  elasticsearch: {hosts: ["$ELASTICSEARCH"], username: elastic, password: "${SECRET_PASSWORD}"}
  slack: {token: "${file:slack.token}", channel: C0123, url: "$SLACK"}
http: {listen: "127.0.0.1:0", token: "$HTTP"}
log: {level: debug}
`

const secretsOfKeys = `
journal: {budget: 64MiB, segment_size: 1MiB, reserve: 1MiB}
inputs:
  lumberjack: {listen: "127.0.0.1:0"}
rules: [{name: burst, window: 1s, threshold: 2, idle: off}]
alerts:
  elasticsearch: {hosts: ["$ELASTICSEARCH"], api_key: "$API_KEY"}
  slack: {webhook: "$WEBHOOK"}
http: {listen: "127.0.0.1:0", token: "$HTTP"}
log: {level: debug}
`

// TestSecrets has every sink fail in ways that bring its credentials into the errors, and then looks for them in
// everything that logboom says and keeps.
func TestSecrets(t *testing.T) {
	t.Run("passwords", func(t *testing.T) {
		slack := sinktest.NewSlack(t)
		slack.Answer(echo(func(_ sinktest.Request, text string) (int, string) {
			return http.StatusOK, fmt.Sprintf(`{"ok":false,"error":%q}`, text)
		}))
		keepSecrets(t, secretsOfPasswords, slack.APIURL, "")
	})
	t.Run("keys", func(t *testing.T) {
		// Nothing listens there, so the error has the whole address, which is the secret.
		keepSecrets(t, secretsOfKeys, "", "http://127.0.0.1:1/services/T0/B0/"+secretWebhook)
	})
}

// echo answers with what a request tells of itself, as some proxies do.
func echo(
	answer func(r sinktest.Request, text string) (status int, body string),
) func(http.ResponseWriter, sinktest.Request) bool {
	return func(w http.ResponseWriter, r sinktest.Request) bool {
		credentials := r.Header.Get("Authorization")
		if _, encoded, found := strings.Cut(credentials, "Basic "); found {
			plain, _ := base64.StdEncoding.DecodeString(encoded)
			credentials += " that is " + string(plain)
		}
		status, body := answer(r, "bad credentials "+credentials)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // who is gone does not read it
		return true
	}
}

// keepSecrets runs a configuration with failing sinks and looks for secrets.
func keepSecrets(t *testing.T, config, slack, webhook string) {
	t.Helper()
	server := sinktest.NewElasticsearch(t)
	server.Answer(echo(func(_ sinktest.Request, text string) (int, string) {
		return http.StatusUnauthorized, fmt.Sprintf(`{"error":{"type":"security_exception","reason":%q},"status":401}`, text)
	}))
	folder := t.TempDir()
	write(t, filepath.Join(folder, "logboom.yml"), strings.NewReplacer("$ELASTICSEARCH", server.URL, "$SLACK", slack,
		"$API_KEY", secretAPIKey, "$HTTP", secretHTTP, "$SASL", secretSASL, "$WEBHOOK", webhook).Replace(config))
	write(t, filepath.Join(folder, "slack.token"), secretToken+"\n")
	environment := []string{"SECRET_PASSWORD=" + secretPassword}
	p := startProcess(t, folder, environment)
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	shipLines(t, p)
	said := whileSinksFail(t, p)
	refuseForGood(t, server, p)
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	said["standard output"], said["standard error"] = p.stdout.String(), p.stderr.String()
	for _, flag := range []string{"--print", "--online"} {
		said["check "+flag] = check(t, folder, environment, flag)
	}
	for path, content := range kept(t, filepath.Join(folder, "data")) {
		said[path] = content
	}
	for what, text := range said {
		expectNoSecret(t, what, text)
	}
}

// shipLines makes an alert.
func shipLines(t *testing.T, p *process) {
	t.Helper()
	ctx, cancel := soon()
	defer cancel()
	client, err := shipper.Dial(ctx, shipper.DefaultOptions(p.lumberjack))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	agent := shipper.NewAgent("web-1", 1)
	for offset := range int64(2) {
		if err := client.Send(ctx, [][]byte{agent.AppendEvent(nil, streamStart, "/var/log/a", 5*offset, "line")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// whileSinksFail waits until both sinks fail, and returns what the HTTP port says.
func whileSinksFail(t *testing.T, p *process) map[string]string {
	t.Helper()
	waitFor(t, "the sinks to fail", func() bool {
		health, err := healthOf(t.Context(), p)
		if err != nil || len(health.Sinks) != 2 {
			return false
		}
		return health.Sinks[0].State == "retrying" && health.Sinks[1].State == "retrying"
	})
	said := make(map[string]string)
	for _, path := range []string{"/", "/livez", "/readyz", "/healthz", "/metrics", "/api/alerts", "/api/rules"} {
		_, body, err := get(t.Context(), "http://"+p.http+path)
		if err != nil {
			t.Error(err)
		}
		said[path] = body
	}
	if !strings.Contains(said["/healthz"], "last_error") {
		t.Errorf("/healthz tells of no error:\n%s", said["/healthz"])
	}
	return said
}

// refuseForGood has Elasticsearch refuse the document, with a reason that is to be kept in the dead letters.
func refuseForGood(t *testing.T, server *sinktest.Elasticsearch, p *process) {
	t.Helper()
	refusal := echo(func(r sinktest.Request, text string) (int, string) {
		id := regexp.MustCompile(`"_id":"[0-9a-f]+"`).Find(r.Body)
		return http.StatusOK, fmt.Sprintf(
			`{"errors":true,"items":[{"create":{%s,"status":400,"error":{"type":"t","reason":%q}}}]}`, id, text)
	})
	server.Answer(func(w http.ResponseWriter, r sinktest.Request) bool {
		return strings.HasSuffix(r.Path, "/_bulk") && refusal(w, r)
	})
	waitFor(t, "a dead letter", func() bool {
		_, body, err := get(t.Context(), "http://"+p.http+"/metrics")
		return err == nil && metricOf(body, "logboom_dead_letters_written_total") >= 1 // the alert about it may be refused, too
	})
}

// check returns everything that logboom check says.
func check(t *testing.T, folder string, environment []string, flag string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "logboom", "check", flag)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	answer, err := command.CombinedOutput()
	if flag == "--print" && err != nil {
		t.Errorf("%v: %v\n%s", command, err, answer)
	}
	return string(answer)
}

// kept returns the content of every file below a folder.
func kept(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Errorf("%d files in %s", len(files), folder)
	}
	return files
}

// expectNoSecret looks for all forms of all secrets.
func expectNoSecret(t *testing.T, what, text string) {
	t.Helper()
	basic := base64.StdEncoding.EncodeToString([]byte("elastic:" + secretPassword))
	key := base64.StdEncoding.EncodeToString([]byte(secretAPIKey))
	for _, form := range []string{"hunter2", url.QueryEscape(secretPassword), basic, key} {
		if at := bytes.Index([]byte(text), []byte(form)); at >= 0 {
			t.Errorf("%s holds a secret:\n%s", what, text[max(0, at-300):min(len(text), at+100)])
		}
	}
}
