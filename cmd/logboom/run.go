package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

// configFlag is the flag of every command that reads the configuration.
func configFlag(command *cobra.Command, settings *app.Settings) {
	command.Flags().StringVarP(&settings.File, "config", "c", "",
		"configuration `file` (default: "+app.DefaultConfigFile+" if it is there, else built-in defaults)")
}

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
	command.Flags().StringVar(&settings.Data, "data", "", "`folder` of the journal and the dead letters (setting data)")
	command.Flags().StringVar(&settings.Listen, "listen", "", "`address` of the Lumberjack port (setting inputs.lumberjack.listen)")
	command.Flags().StringVar(&settings.HTTP, "http", "", "`address` of health and metrics (setting http.listen)")
	return command
}
