// Command chaos runs logboom among faults and counts what arrived: see package chaos. It ends with 1 where a promise was
// broken, and with 2 where it could not come to counting.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/logboom/logboom/internal/bench/compare"
	"github.com/logboom/logboom/internal/chaos"
)

func main() {
	options, document := parse()
	if document != "" {
		if err := compare.CheckMarkers(document, marker); err != nil {
			fmt.Fprintf(os.Stderr, "chaos: %v\n", err)
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	report, err := chaos.Run(ctx, options)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "chaos: %v\nchaos: what there is to look at is in %s\n", err, report.Folder)
		os.Exit(2)
	}
	if err := write(report, options, document); err != nil {
		fmt.Fprintf(os.Stderr, "chaos: %v\n", err)
		os.Exit(2)
	}
	if len(report.Violations()) > 0 {
		os.Exit(1)
	}
}

func parse() (options chaos.Options, document string) {
	services := os.Getenv("LOGBOOM_SERVICES")
	if services == "" {
		services = "../shared/services"
	}
	var without string
	flag.DurationVar(&options.Duration, "duration", 10*time.Minute, "how long faults happen")
	flag.Uint64Var(&options.Seed, "seed", 0, "what draws lines and faults; 0 for another one each time")
	flag.IntVar(&options.Kills, "kills", 0, "how often logboom is killed; 0 for one in 5 s")
	flag.IntVar(&options.Agents, "agents", 0, "how many shippers; 0 for 6")
	flag.IntVar(&options.Rate, "rate", 0, "events a second in quiet times; 0 for 900")
	flag.DurationVar(&options.Drain, "drain", 0, "how long to wait at the end until all has arrived; 0 for 10m")
	flag.StringVar(&options.Services, "services", services, "folder of the scripts elasticsearch and kafka; also LOGBOOM_SERVICES")
	flag.StringVar(&without, "without", "", "receivers to leave out, with commas: elasticsearch,kafka,http")
	flag.BoolVar(&options.Inject, "inject", false, "make the disk full by injected ENOSPC, also where a tmpfs may be mounted")
	flag.StringVar(&options.Binary, "binary", "", "the logboom to run; one is built if empty")
	flag.StringVar(&options.Folder, "folder", "", "where to keep everything; a new one in the system's temporary folder if empty")
	flag.BoolVar(&options.Keep, "keep", false, "keep the folder even if all is well")
	flag.StringVar(&document, "document", "", "a file to write the table into as well, between the markers of chaos")
	flag.Parse()
	if without != "" {
		options.Without = strings.Split(without, ",")
	}
	if options.Seed == 0 {
		options.Seed = rand.Uint64N(1_000_000) //nolint:gosec // no secret
	}
	options.Progress = os.Stderr
	return options, document
}

// marker is the name of the place in a document where the table goes.
const marker = "chaos"

func write(report chaos.Report, options chaos.Options, document string) error {
	if err := report.Write(os.Stdout); err != nil || document == "" {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "`%s` on %s; %s; commit %s, on %s.\n\n", command(options), compare.Machine(), runtime.Version(),
		compare.Commit("."), time.Now().UTC().Format(time.DateOnly))
	if err := report.Write(&text); err != nil {
		return err
	}
	return compare.Insert(document, marker, text.String())
}

// command is what makes the same run, but for what chance adds.
func command(o chaos.Options) string {
	text := fmt.Sprintf("make chaos DURATION=%s SEED=%d", chaos.Short(o.Duration), o.Seed)
	if o.Kills > 0 {
		text += fmt.Sprintf(" KILLS=%d", o.Kills)
	}
	if len(o.Without) > 0 {
		text += " WITHOUT=" + strings.Join(o.Without, ",")
	}
	if o.Rate > 0 {
		text += fmt.Sprintf(" RATE=%d", o.Rate)
	}
	return text
}
