package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newCheck() *cobra.Command {
	var options app.CheckOptions
	command := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, and with --online whether the servers in it can be used",
		Long: `Reads the configuration as run does and tells of every mistake at once, with line and column. Binds no port and
writes nothing. The exit code is 0 when all is good, 2 for a mistake, 1 when a server cannot be used.`,
		Example: `  logboom check -c logboom.yml
  logboom check -c logboom.yml --online
  logboom check --print          # everything that is set, with its defaults, secrets hidden`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.Check(command.Context(), options, streams())
		},
	}
	configFlag(command, &options.Settings)
	command.Flags().BoolVar(&options.Online, "online", false, "ask Elasticsearch, Slack and Kafka whether they let logboom in")
	command.Flags().BoolVar(&options.Print, "print", false, "print the whole configuration with its defaults")
	return command
}
