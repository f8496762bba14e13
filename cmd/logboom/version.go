package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newVersion() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "version",
		Short: "Print which build this is",
		Example: `  logboom version
  logboom version --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			build := app.Version()
			if asJSON {
				return json.NewEncoder(os.Stdout).Encode(build)
			}
			_, err := fmt.Printf("logboom %s (%s, %s)\n", build.Version, build.Go, build.Platform)
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}
