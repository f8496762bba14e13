package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthTimeout is less than the 3 s that Docker's HEALTHCHECK usually gets.
const healthTimeout = 2 * time.Second

// Health asks a running logboom whether it lives, or where ready is set, whether it takes events. It fails unless the
// answer is yes.
func Health(ctx context.Context, settings Settings, ready bool, streams Streams) error {
	c, _, err := settings.Load()
	if err != nil {
		return err
	}
	path := "/livez"
	if ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	url := "http://" + dialAddress(c.HTTP.Listen) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return &UsageError{fmt.Errorf("http.listen: %w", err)}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no logboom answers: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, response.Status, strings.TrimSpace(string(body)))
	}
	printf(streams.Out, "%s\n", strings.TrimSpace(string(body)))
	return nil
}

// dialAddress returns where to reach an address that something listens on: all interfaces are reached by loopback.
func dialAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}
