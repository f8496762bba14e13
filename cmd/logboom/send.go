package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newSend() *cobra.Command {
	options := app.SendOptions{}
	command := &cobra.Command{
		Use:   "send [flags] FILE...",
		Short: "Send the lines of files as Filebeat would",
		Long: `Sends each line as an event to a Lumberjack server, logboom or Logstash, and waits until all are acknowledged. A lost
connection is made again and what was not acknowledged is sent again, as Filebeat does. - is standard input.`,
		Example: `  logboom send --to 127.0.0.1:5044 /var/log/nginx/access.log
  seq 200 | logboom send --rate 10 -
  logboom send --to logs.example.com --ca ca.pem access.log`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			options.Files = args
			return app.Send(command.Context(), options, streams())
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.To, "to", "127.0.0.1:5044", "`address` of the server")
	flags.Float64Var(&options.Rate, "rate", 0, "`events` a second; 0 is as fast as the server takes them")
	flags.IntVar(&options.Window, "window", 2048, "most `events` in a window (Filebeat's bulk_max_size)")
	flags.IntVar(&options.Compression, "compression", 3, "zlib `level`, 0 to 9 (Filebeat's compression_level)")
	flags.StringVar(&options.Hostname, "hostname", "", "host.`name` of the events (default: this machine's)")
	flags.BoolVar(&options.TLS, "tls", false, "use TLS, trusting the system's authorities")
	flags.StringVar(&options.CA, "ca", "", "use TLS, trusting the authorities in this PEM `file`")
	flags.IntVar(&options.Attempts, "attempts", 0, "give up after so many failed `connections` in a row; 0 is never")
	flags.BoolVar(&options.JSON, "json", false, "print the report as JSON")
	return command
}
