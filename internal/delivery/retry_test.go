package delivery

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var errTest = errors.New("test error")

func TestWaitsGrowWithinTheirBounds(t *testing.T) {
	r := NewRetry(DefaultRetryMin, DefaultRetryMax)
	var last time.Duration
	different := map[time.Duration]bool{}
	for try := range 200 {
		delay := r.delay([]error{errTest})
		if delay < DefaultRetryMin || delay > DefaultRetryMax {
			t.Fatalf("try %d waits %s", try, delay)
		}
		if try > 0 && try < 6 && delay <= last {
			t.Errorf("try %d waits %s after %s", try, delay, last)
		}
		last, different[delay] = delay, true
	}
	if len(different) < 150 {
		t.Errorf("200 waits were only %d different ones: no jitter", len(different))
	}
	r.Succeeded()
	if delay := r.delay([]error{errTest}); delay > 2*DefaultRetryMin {
		t.Errorf("after a success the wait is %s", delay)
	}
}

func TestRetryAfterCountsMore(t *testing.T) {
	asks := func(delay time.Duration) error {
		return fmt.Errorf("wrapped: %w", &RetryAfter{Err: errTest, Delay: delay})
	}
	for _, test := range []struct {
		failures []error
		want     time.Duration
	}{
		{[]error{asks(7 * time.Second)}, 7 * time.Second},
		{[]error{errTest, asks(3 * time.Second), asks(9 * time.Second), asks(time.Second)}, 9 * time.Second},
		{[]error{asks(2 * time.Minute)}, 2 * time.Minute},
		{[]error{asks(0)}, DefaultRetryMin},
		{[]error{asks(1000 * time.Hour)}, longestRetryAfter},
	} {
		if got := NewRetry(DefaultRetryMin, DefaultRetryMax).delay(test.failures); got != test.want {
			t.Errorf("%v wait %s, want %s", test.failures, got, test.want)
		}
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := NewRetry(time.Minute, time.Hour).Wait(ctx, []error{errTest})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}
