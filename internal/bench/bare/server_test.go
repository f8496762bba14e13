package bare

import (
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	client "github.com/elastic/go-lumber/client/v2"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestServe sends windows with go-lumber's client: bare frames and compressed ones, small and large.
func TestServe(t *testing.T) {
	for name, newInflater := range Inflaters {
		for _, level := range []int{0, 3} {
			t.Run(name, func(t *testing.T) {
				listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				served := make(chan error, 1)
				go func() { served <- Serve(listener, newInflater) }()
				c, err := client.SyncDial(listener.Addr().String(), client.CompressionLevel(level), client.Timeout(20*time.Second))
				if err != nil {
					t.Fatal(err)
				}
				for _, count := range []int{1, 7, 3000} {
					events := slices.Repeat([]any{map[string]string{"message": string(make([]byte, 300))}}, count)
					if n, err := c.Send(events); err != nil || n != count {
						t.Errorf("%d of %d acknowledged, %v", n, count, err)
					}
				}
				_ = c.Close()
				_ = listener.Close()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestNotLumberjack(t *testing.T) {
	for _, bytes := range []string{"GET / HTTP/1.1\r\n\r\n", "2A\x00\x00\x00\x01", "2W\x00\x00\x00\x012X\x00\x00\x00\x01"} {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = io.WriteString(theirs, bytes)
			_ = theirs.Close()
		}()
		if err := Converse(ours, new(own)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v", bytes, err)
		}
	}
	if _, err := walk([]byte("2J\x00\x00\x00\x01\x00\x00\x00\x05{}")); !errors.Is(err, ErrProtocol) {
		t.Errorf("an event beyond the end: %v", err)
	}
}
