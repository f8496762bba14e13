package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newDemo() *cobra.Command {
	var options app.DemoOptions
	command := &cobra.Command{
		Use:   "demo",
		Short: "See an alert go on and off, with nothing else installed",
		Long: `Starts a whole logboom on free ports and in a temporary folder, sends it 100 lines one a second and then 100 lines
one each 10 ms through a real Lumberjack connection, and shows the alert going on and off, with the time from the sending
of the deciding line to the delivery of the alert.`,
		Example: `  logboom demo
  logboom demo --speed 1       # in the stream's own time, about two minutes
  logboom demo --documents     # show the alert documents, too`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return app.Demo(command.Context(), options, streams())
		},
	}
	command.Flags().Float64Var(&options.Speed, "speed", 10, "how many `times` faster than its own time the stream is played")
	command.Flags().BoolVar(&options.Documents, "documents", false, "print the alert documents")
	return command
}
