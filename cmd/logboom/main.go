// Command logboom takes logs from Filebeat, decides at every event which alerts are active, and tells Elasticsearch and
// Slack.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

// The exit codes of all commands.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() { os.Exit(run()) }

func run() int {
	root := newRoot()
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "logboom: %v\n", err)
	var usage *app.UsageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

const description = `logboom takes the place of Logstash, Kafka and the stream processor between Filebeat and your alerts.

Point Filebeat's output.logstash.hosts at it. It decides at every single event whether a rule's alert is
on, writes alert documents to Elasticsearch, posts changes to Slack, and acknowledges an event only when
nothing can be lost.

  logboom demo     see it work, with nothing else installed
  logboom run      run it: Lumberjack on :5044, alerts on standard output, health on 127.0.0.1:9600`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "logboom",
		Short:         "From Filebeat to alerts in milliseconds",
		Long:          description,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return &app.UsageError{Err: fmt.Errorf("%w; see %s --help", err, command.CommandPath())}
	})
	root.AddCommand(
		newRun(), newCheck(), newReplay(), newDLQ(), newDemo(), newSend(), newBench(), newHealth(), newVersion(),
	)
	for _, command := range root.Commands() {
		command.Args = usageArgs(command.Args)
	}
	root.InitDefaultCompletionCmd()
	for _, command := range append(root.Commands(), root) {
		if command.HasSubCommands() {
			onlySubcommands(command)
		}
	}
	return root
}

// onlySubcommands makes a command show its help, and an unknown word behind it a mistake of usage.
func onlySubcommands(command *cobra.Command) {
	command.SuggestionsMinimumDistance = 2
	command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	command.Args = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		err := fmt.Errorf("%s has no command %q", command.CommandPath(), args[0])
		if near := command.SuggestionsFor(args[0]); len(near) > 0 {
			err = fmt.Errorf("%w (did you mean %s?)", err, strings.Join(near, " or "))
		}
		return &app.UsageError{Err: fmt.Errorf("%w; see %s --help", err, command.CommandPath())}
	}
}

// usageArgs makes a wrong number of arguments a mistake of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if err := check(command, args); err != nil {
			return &app.UsageError{Err: fmt.Errorf("%w; see %s --help", err, command.CommandPath())}
		}
		return nil
	}
}

func streams() app.Streams { return app.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }
