package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newRun() *cobra.Command {
	var settings app.Settings
	command := &cobra.Command{
		Use:   "run",
		Short: "Take events, decide, alert",
		Long: `Runs until SIGINT or SIGTERM, then finishes what it received, within 25 seconds.

Without a configuration: Lumberjack on port 5044, one rule (5 or more events within a second), alerts as JSON
lines on standard output, the journal in ./data, health and metrics on 127.0.0.1:9600. Log lines go to
standard error.`,
		Example: `  logboom run
  logboom run -c /etc/logboom/logboom.yml
  logboom run --data /var/lib/logboom --listen :5045`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.Run(command.Context(), settings, streams())
		},
	}
	configFlag(command, &settings)
	dataFlag(command, &settings)
	listenFlag(command, &settings)
	httpFlag(command, &settings)
	return command
}
