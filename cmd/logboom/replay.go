package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

// byRule is the value of --idle without a duration.
const byRule = "rule"

func newReplay() *cobra.Command {
	var options app.ReplayOptions
	var idle string
	command := &cobra.Command{
		Use:   "replay [flags] EVENTS.ndjson",
		Short: "Try the rules on recorded events, on the events' own time",
		Long: `Runs the same engine as run over a file of JSON lines (or - for standard input) and prints one JSON line for each
change of an alert: the document that a sink would get. Events need only @timestamp and message. An event counts as
having arrived at its own time, silence ends nothing unless --idle is given, and what is active at the end of the
file stays so unless --tail is given.`,
		Example: `  logboom replay -c logboom.yml access.ndjson
  logboom replay --states -c logboom.yml access.ndjson   # the state after each event
  logboom replay --idle --tail -c logboom.yml -          # with idle ends, reading standard input`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			options.Events = args[0]
			options.Idle = idle != ""
			if options.Idle && idle != byRule {
				length, err := time.ParseDuration(idle)
				if err != nil || length <= 0 {
					return &app.UsageError{Err: fmt.Errorf("--idle=%s: a duration such as 5s, or nothing for each rule's own", idle)}
				}
				options.IdleTime = length
			}
			return app.Replay(command.Context(), options, streams())
		},
	}
	configFlag(command, &options.Settings)
	flags := command.Flags()
	flags.BoolVar(&options.States, "states", false, "print the state after each event and rule that it matched")
	flags.StringVar(&idle, "idle", "", "end episodes after silence: of this `duration`, or of each rule's own if none is given")
	flags.Lookup("idle").NoOptDefVal = byRule
	flags.BoolVar(&options.Tail, "tail", false, "at the end of the file, end what is active as if no more events came")
	return command
}
