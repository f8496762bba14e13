package compare

import (
	"context"
	"fmt"
	"time"
)

// logboom is asked how far an output is after pollInterval, then more and more seldom down to pollSlowest: each answer costs it
// CPU time that would count for the events, which is much where a receiver is slow. The figures do not depend on when it is
// asked, for a process at rest uses next to nothing, and it says by itself when an output wrote last.
const (
	pollInterval = 100 * time.Millisecond
	pollSlowest  = time.Second
)

// awaitWritten waits until an output has written all events that were acknowledged, and returns when it wrote the last.
func (r *running) awaitWritten(ctx context.Context, output string) (last time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	label := `\{output="` + output + `"\}`
	for interval := pollInterval; ; interval = min(interval+interval/4, pollSlowest) {
		metrics, err := r.metrics(ctx)
		if err != nil {
			return last, err
		}
		written, err := sum(metrics, "logboom_output_events_total"+label)
		if err != nil {
			return last, err
		}
		if sent := r.sent.Load(); written > sent {
			return last, fmt.Errorf("output %s wrote %d events; %d were sent", output, written, sent)
		} else if written == sent {
			seconds, err := value(metrics, "logboom_output_last_success_timestamp_seconds"+label)
			return time.UnixMicro(int64(seconds * 1e6)), err
		}
		if err := sleep(ctx, interval); err != nil {
			return last, fmt.Errorf("output %s wrote only %d of %d events: %w", output, written, r.sent.Load(), err)
		}
	}
}

// metrics returns what logboom counted.
func (r *running) metrics(ctx context.Context) ([]byte, error) {
	metrics, err := get(ctx, "http://"+r.http+"/metrics")
	if err != nil {
		return nil, fmt.Errorf("ask %s what it counted: %w", r.server.Name, err)
	}
	return metrics, nil
}

// metric returns one of them.
func (r *running) metric(ctx context.Context, name string) (float64, error) {
	metrics, err := r.metrics(ctx)
	if err != nil {
		return 0, err
	}
	return value(metrics, name)
}
