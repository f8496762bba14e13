package app

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// benchReport is the report as JSON.
type benchReport struct {
	Address       string  `json:"address"`
	Connections   int     `json:"connections"`
	Events        int64   `json:"events"`
	Windows       int64   `json:"windows"`
	Seconds       float64 `json:"seconds"`
	Rate          float64 `json:"events_per_second"`
	WireBytes     int64   `json:"wire_bytes"`
	WireRate      float64 `json:"wire_mb_per_second"`
	InflatedBytes int64   `json:"inflated_bytes"`
	InflatedRate  float64 `json:"inflated_mb_per_second"`
	Median        float64 `json:"ack_p50_ms"`
	Tail          float64 `json:"ack_p99_ms"`
	Longest       float64 `json:"ack_max_ms"`
	Stamped       float64 `json:"stamped"`
	ClientCPU     float64 `json:"client_cpu_us_per_event"`

	Server *benchServer `json:"server,omitempty"`
}

// benchServer is what is known of the server's process.
type benchServer struct {
	PID      int     `json:"pid"`
	CPU      float64 `json:"cpu_us_per_event"`
	Cores    float64 `json:"cpu_cores"`
	Resident int64   `json:"resident_bytes"`
	Peak     int64   `json:"peak_bytes"`
}

func newBenchReport(m measurement, options BenchOptions) benchReport {
	r := m.result
	seconds, events := r.Elapsed.Seconds(), float64(r.Events)
	report := benchReport{
		Address: options.To, Connections: options.Connections, Events: r.Events, Windows: r.Windows,
		Seconds: rounded(seconds), Rate: math.Round(r.Rate()),
		WireBytes: r.WireBytes, WireRate: rounded(float64(r.WireBytes) / 1e6 / seconds),
		InflatedBytes: r.InflatedBytes, InflatedRate: rounded(float64(r.InflatedBytes) / 1e6 / seconds),
		Median: milliseconds(r.Acknowledgements.Quantile(0.5)), Tail: milliseconds(r.Acknowledgements.Quantile(0.99)),
		Longest: milliseconds(r.Acknowledgements.Max()),
		Stamped: rounded(m.stamped), ClientCPU: microseconds(r.CPU, events),
	}
	if options.PID != 0 {
		used := m.after.CPU - m.before.CPU
		report.Server = &benchServer{
			PID: options.PID, CPU: microseconds(used, events), Cores: rounded(used.Seconds() / seconds),
			Resident: m.after.Resident, Peak: m.after.Peak,
		}
	}
	return report
}

func microseconds(total time.Duration, events float64) float64 {
	return rounded(float64(total.Nanoseconds()) / 1e3 / events)
}

func milliseconds(d time.Duration) float64 { return rounded(float64(d.Nanoseconds()) / 1e6) }

// rounded keeps three digits behind the point.
func rounded(value float64) float64 { return math.Round(value*1e3) / 1e3 }

func printBench(m measurement, options BenchOptions, out io.Writer) error {
	report := newBenchReport(m, options)
	if options.JSON {
		return json.NewEncoder(out).Encode(report)
	}
	text := fmt.Sprintf(`%d events acknowledged by %s in %.2f s, over %d connections
  events      %.0f/s
  bytes       %.1f MB/s on the wire, %.1f MB/s inflated
  ACK         p50 %.1f ms, p99 %.1f ms, at most %.1f ms, over %d windows
  client      %.2f us of CPU an event
`, report.Events, report.Address, report.Seconds, report.Connections, report.Rate, report.WireRate, report.InflatedRate,
		report.Median, report.Tail, report.Longest, report.Windows, report.ClientCPU)
	if s := report.Server; s != nil {
		text += fmt.Sprintf("  server      %.2f us of CPU an event, %.2f cores; memory %.1f MB, at most %.1f MB since it was started\n",
			s.CPU, s.Cores, float64(s.Resident)/1e6, float64(s.Peak)/1e6)
	}
	if report.Stamped < 1 {
		text += fmt.Sprintf("  repeats     %.0f %% of the windows are sent again just as they were: then late, or taken for resends\n",
			100*(1-report.Stamped))
	}
	_, err := io.WriteString(out, text)
	return err
}
