package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newHealth() *cobra.Command {
	var settings app.Settings
	var ready bool
	command := &cobra.Command{
		Use:   "health",
		Short: "Ask a running logboom whether it is well; for Docker's HEALTHCHECK",
		Long: `Asks /livez of the configured HTTP port, or /readyz with --ready, and ends with 0 for yes, 1 for no. A full disk or
a sink that is down is no reason to restart logboom and never makes it unwell; it is not ready while it cannot take events.`,
		Example: `  logboom health
  logboom health --ready -c /etc/logboom/logboom.yml`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.Health(command.Context(), settings, ready, streams())
		},
	}
	configFlag(command, &settings)
	command.Flags().BoolVar(&ready, "ready", false, "ask whether events can be taken")
	httpFlag(command, &settings)
	return command
}
