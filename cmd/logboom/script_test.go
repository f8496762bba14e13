package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/logboom/logboom/internal/shipper"
	"github.com/logboom/logboom/sinks/sinktest"
)

// update writes what the scripts' cmp commands found into the scripts. Look at the difference before you keep it.
var update = flag.Bool("update", false, "update the golden files in testdata/script")

// TestScripts runs the scripts of testdata/script. Besides the commands of testscript they know:
//
//	exits CODE logboom ARG...   run it to its end; the exit code must be CODE
//	start NAME [ARG...]         start "logboom run ARG..." and wait until it takes events; sets NAME_LUMBERJACK, NAME_HTTP
//	                            and NAME_HTTP_PORT
//	finish NAME                 send SIGTERM; it must end with 0. Its output is in the files NAME.stdout and NAME.stderr then
//	await NAME PATTERN [COUNT]  wait until the process's standard output has COUNT (1) matches of PATTERN
//	ship ADDRESS FILE           send each line of FILE as an event, as Filebeat does, and wait for the acknowledgements
//	get STATUS URL [TOKEN]      the answer must have STATUS; its body is in stdout
//	awaitget PATTERN URL        ask until the body matches PATTERN
//	fake elasticsearch|slack    start a server that speaks the protocol; sets ELASTICSEARCH_URL, or SLACK_URL and
//	                            SLACK_WEBHOOK
//	documents                   print the documents that Elasticsearch took
//	messages                    print the first lines of the messages that Slack took
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Values[scriptKey{}] = &script{
				t: env.T().(testing.TB), processes: map[string]*process{}, //nolint:forcetypeassert // as documented
			}
			env.Setenv("SLACK_TOKEN", sinktest.SlackToken)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "finish": finish, "await": await, "ship": ship, "get": scriptGet,
			"awaitget": awaitGet, "fake": fake, "documents": documents, "messages": messages,
		},
	})
}

// script is what belongs to one script.
type script struct {
	t             testing.TB
	processes     map[string]*process
	elasticsearch *sinktest.Elasticsearch
	slack         *sinktest.Slack
}

// scriptKey is where a script is found among the values of testscript.
type scriptKey struct{}

func scriptOf(ts *testscript.TestScript) *script {
	return ts.Value(scriptKey{}).(*script) //nolint:forcetypeassert // Setup put it there
}

// process returns the process that a script calls by name.
func (s *script) process(ts *testscript.TestScript, name string) *process {
	p := s.processes[name]
	if p == nil {
		ts.Fatalf("no process is called %s", name)
	}
	return p
}

// usage ends the script unless a command has at least so many arguments and no !.
func usage(ts *testscript.TestScript, neg bool, args []string, least int, text string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", text)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "exits CODE PROGRAM [ARG...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		if exit.ExitCode() != want {
			ts.Fatalf("exit code %d, want %d", exit.ExitCode(), want)
		}
	case err != nil:
		ts.Fatalf("%v", err)
	case want != 0:
		ts.Fatalf("exit code 0, want %d", want)
	}
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "start NAME [ARG...]")
	s, name := scriptOf(ts), args[0]
	var environment []string
	for _, variable := range []string{"ELASTICSEARCH_URL", "SLACK_URL", "SLACK_WEBHOOK", "SLACK_TOKEN"} {
		environment = append(environment, variable+"="+ts.Getenv(variable))
	}
	p := startProcess(s.t, ts.MkAbs("."), environment, args[1:]...)
	s.processes[name] = p
	ts.Check(p.ready())
	_, port, err := net.SplitHostPort(p.http)
	ts.Check(err)
	ts.Setenv(name+"_HTTP", p.http)
	ts.Setenv(name+"_HTTP_PORT", port)
	ts.Setenv(name+"_LUMBERJACK", p.lumberjack)
}

func finish(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "finish NAME")
	p := scriptOf(ts).process(ts, args[0])
	err := p.terminate()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stdout"), []byte(p.stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), []byte(p.stderr.String()), 0o600))
	ts.Check(err)
	delete(scriptOf(ts).processes, args[0])
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "await NAME PATTERN [COUNT]")
	p, count := scriptOf(ts).process(ts, args[0]), 1
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	if len(args) > 2 {
		count, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	ctx, cancel := soon()
	defer cancel()
	err = p.stdout.await(ctx, func(text []byte) bool { return len(pattern.FindAll(text, -1)) >= count })
	if err != nil {
		ts.Fatalf("%s did not print %s %d times: %v; it printed\n%s\n%s", args[0], pattern, count, err, p.stdout, p.stderr)
	}
}

func ship(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "ship ADDRESS FILE")
	ctx, cancel := soon()
	defer cancel()
	client, err := shipper.Dial(ctx, shipper.DefaultOptions(args[0]))
	ts.Check(err)
	defer client.Close()
	var events [][]byte
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		events = append(events, []byte(strings.TrimSpace(line)))
	}
	ts.Check(client.Send(ctx, events))
	ts.Check(client.Flush(ctx))
}

func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "get STATUS URL [TOKEN]")
	var header []string
	if len(args) > 2 {
		header = []string{"Authorization", "Bearer " + args[2]}
	}
	ctx, cancel := soon()
	defer cancel()
	status, body, err := get(ctx, args[1], header...)
	ts.Check(err)
	_, err = fmt.Fprint(ts.Stdout(), body)
	ts.Check(err)
	if fmt.Sprint(status) != args[0] {
		ts.Fatalf("status %d, want %s:\n%s", status, args[0], body)
	}
}

func awaitGet(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "awaitget PATTERN URL")
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	ctx, cancel := soon()
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, body, err := get(ctx, args[1])
		if err == nil && pattern.MatchString(body) {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			ts.Fatalf("%s does not answer %s: %v\n%s", args[1], pattern, err, body)
		}
	}
}

func fake(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "fake elasticsearch|slack")
	switch s := scriptOf(ts); args[0] {
	case "elasticsearch":
		s.elasticsearch = sinktest.NewElasticsearch(s.t)
		ts.Setenv("ELASTICSEARCH_URL", s.elasticsearch.URL)
	case "slack":
		s.slack = sinktest.NewSlack(s.t)
		ts.Setenv("SLACK_URL", s.slack.APIURL)
		ts.Setenv("SLACK_WEBHOOK", s.slack.WebhookURL)
	default:
		ts.Fatalf("no server is called %s", args[0])
	}
}

func documents(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, "documents")
	for _, document := range scriptOf(ts).elasticsearch.Documents() {
		_, err := fmt.Fprintf(ts.Stdout(), "%s\n", document)
		ts.Check(err)
	}
}

func messages(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 0, "messages")
	for _, message := range scriptOf(ts).slack.Messages() {
		_, err := fmt.Fprintln(ts.Stdout(), message.Text)
		ts.Check(err)
	}
}
