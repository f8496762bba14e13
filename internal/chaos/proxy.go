package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy stands before a server, and can be made a bad network: toxiproxy's proxy, with its toxics.
type proxy struct {
	*toxiproxy.Proxy
}

// newProxy listens on a free port of loopback and passes on to a server.
func newProxy(name, upstream string) (*proxy, error) {
	zerolog.SetGlobalLevel(zerolog.WarnLevel) // some toxics log to the global logger
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &proxy{toxiproxy.NewProxy(server, name, freeAddress(), upstream)}
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("start proxy before %s: %w", name, err)
	}
	return p, nil
}

// toxic is one trouble of a network, as toxiproxy describes it.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float32        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// add begins a trouble; heal ends it.
func (p *proxy) add(t toxic) error {
	t.Name, t.Toxicity = "trouble", 1
	description, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode toxic: %w", err)
	}
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(string(description))); err != nil {
		return fmt.Errorf("add toxic %s: %w", description, err)
	}
	return nil
}

// connections returns how many clients are connected to it, as the system says: toxiproxy does not tell.
func (p *proxy) connections() int {
	_, port, _ := net.SplitHostPort(p.Listen)
	number, _ := strconv.Atoi(port)
	table, _ := os.ReadFile("/proc/net/tcp") // where there is no such file, it is 0, and the report says so
	established := regexp.MustCompile(fmt.Sprintf(`(?m)^ *\d+: [0-9A-F]{8}:%04X [0-9A-F]{8}:[0-9A-F]{4} 01 `, number))
	return len(established.FindAll(table, -1))
}

func (p *proxy) heal() { p.Toxics.ResetToxics(context.Background()) }

// cut closes all connections and refuses new ones until mend.
func (p *proxy) cut() { p.Stop() }

func (p *proxy) mend() error {
	if err := p.Start(); err != nil {
		return fmt.Errorf("start proxy %s again: %w", p.Name, err)
	}
	return nil
}
