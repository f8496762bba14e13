// Command compare measures logboom beside other servers (-tables bench-compare), how its cost grows (-tables bench-growth), or what an
// output that is down costs (-tables bench-outage), prints the tables, and writes them into a document between the markers of that
// name. It runs in the root of the repository. Events are written to the Elasticsearch and the Kafka that
// LOGBOOM_TEST_ELASTICSEARCH and LOGBOOM_TEST_KAFKA name, too.
//
//	compare -tables bench-compare -rounds 3 -seconds 4 -document docs/performance.md
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/bench/compare"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run() error {
	tables := flag.String("tables", "bench-compare", "`which`: bench-compare, bench-growth or bench-outage")
	document := flag.String("document", "", "`file` to write the tables into; none if empty")
	rounds := flag.Int("rounds", 3, "how many `times` all is measured")
	seconds := flag.Float64("seconds", 4, "for how `long` each server is under each load")
	folder := flag.String("folder", os.TempDir(), "`folder` for binaries and data, on the disk to be measured")
	logboom := flag.String("logboom", "", "`binary` to measure instead of the one that is built")
	elasticsearch := flag.String("elasticsearch", os.Getenv("LOGBOOM_TEST_ELASTICSEARCH"), "`URL` of an Elasticsearch to write events to")
	kafka := flag.String("kafka", os.Getenv("LOGBOOM_TEST_KAFKA"), "`brokers` of a Kafka to write events to, separated by commas")
	flag.Parse()
	measure, known := map[string]func(context.Context, compare.Options) (string, error){
		"bench-compare": compare.Compare, "bench-growth": compare.Growth, "bench-outage": compare.Outage,
	}[*tables]
	if !known {
		return fmt.Errorf("-tables=%s: bench-compare, bench-growth or bench-outage", *tables)
	}
	if *rounds < 1 || !(*seconds > 0) {
		return fmt.Errorf("-rounds=%d -seconds=%v: must be more than 0", *rounds, *seconds)
	}
	if *document != "" {
		if err := compare.CheckMarkers(*document, *tables); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	text, err := measure(ctx, compare.Options{
		Source: ".", Folder: *folder, Rounds: *rounds, Span: time.Duration(*seconds * float64(time.Second)), Logboom: *logboom,
		Elasticsearch: *elasticsearch, Kafka: *kafka, Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	fmt.Print(text)
	if *document == "" {
		return nil
	}
	return compare.Insert(*document, *tables, text)
}
