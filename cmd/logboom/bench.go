package main

import (
	"github.com/spf13/cobra"

	"github.com/logboom/logboom/internal/app"
)

func newBench() *cobra.Command {
	options := app.BenchOptions{To: "127.0.0.1:5044"}
	command := &cobra.Command{
		Use:   "bench [flags] [HOST:PORT]",
		Short: "Put a Lumberjack server under load, and measure it",
		Long: `Sends events to a Lumberjack server, logboom, Logstash or another one, as fast as it takes them: to the one on
127.0.0.1:5044 unless another is named, and without a port to its port 5044. Prints events a second, MB a second, and how long
windows waited for their acknowledgement; with --pid also the CPU time that the server used for an event, and its memory.

The events look like Filebeat's for nginx's access log, with keys in another order each time. Windows are made and compressed before
the run, and stamped with the time at which they are sent. Beware: a server takes them for real ones, and alerts.

Memory is what Linux calls VmHWM: the most since the server was started, which nothing here resets.`,
		Example: `  logboom bench
  logboom bench --connections 4 --duration 30s --pid $(pidof logboom) 127.0.0.1:5044
  logboom bench --rate 20000 --json logs.example.com --ca ca.pem`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				options.To = args[0]
			}
			return app.Bench(command.Context(), options, streams())
		},
	}
	flags := command.Flags()
	flags.IntVar(&options.Connections, "connections", 1, "how `many` connections, each like a Filebeat of its own")
	flags.IntVar(&options.Pipelining, "pipelining", 2, "most `windows` of a connection under way (Filebeat's pipelining)")
	flags.IntVar(&options.Window, "window", 2048, "`events` in a window (Filebeat's bulk_max_size)")
	flags.IntVar(&options.Compression, "compression", 3, "zlib `level`, 0 to 9 (Filebeat's compression_level)")
	flags.DurationVar(&options.Duration, "duration", 0, "for how `long` (default 10s)")
	flags.Int64Var(&options.Events, "events", 0, "how many `events`, instead of a duration")
	flags.Float64Var(&options.Rate, "rate", 0, "most `events` a second; 0 is as fast as the server takes them")
	flags.IntVar(&options.Size, "size", 1200, "mean size of an event in `bytes`")
	flags.IntVar(&options.Keys, "keys", 1000, "how many distinct `values` source.address has")
	flags.IntVar(&options.Pool, "pool", 65536, "how many distinct `events` are made before they are sent again")
	flags.IntVar(&options.PID, "pid", 0, "the server's `process`, to measure its CPU and memory (Linux)")
	flags.BoolVar(&options.TLS, "tls", false, "use TLS, trusting the system's authorities")
	flags.StringVar(&options.CA, "ca", "", "use TLS, trusting the authorities in this PEM `file`")
	flags.BoolVar(&options.JSON, "json", false, "print the report as JSON")
	return command
}
