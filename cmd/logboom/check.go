package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newCheck() *cobra.Command {
	var options app.CheckOptions
	command := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, and with --online whether the servers and files in it can be used",
		Long: `Reads the configuration as run does and tells of every mistake at once, with line and column. Binds no port and
writes nothing.

With --online it asks every server that alerts and events go to, and Kafka where events come from, whether it can be
reached and lets logboom in. No alert or event is posted or sent to anybody: a webhook, PagerDuty and outputs of type
http are asked by OPTIONS, a mail server is greeted and logged in to. Whether a file that is not there yet could be
made is tried by another one beside it, which is removed again.

The exit code is 0 when all is good, 2 for a mistake, 1 when a server or a file cannot be used.`,
		Example: `  logboom check -c logboom.yml
  logboom check -c logboom.yml --online
  logboom check --print          # everything that is set, with its defaults, secrets hidden`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.Check(command.Context(), options, streams())
		},
	}
	configFlag(command, &options.Settings)
	command.Flags().BoolVar(&options.Online, "online", false, "ask all servers whether they let logboom in, and try all files")
	command.Flags().BoolVar(&options.Print, "print", false, "print the whole configuration with its defaults")
	return command
}
