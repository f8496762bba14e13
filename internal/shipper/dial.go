package shipper

import (
	"context"
	"crypto/tls"
	"net"
)

// connect opens a connection to the server, with TLS if it is set.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	if c.options.TLS == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", c.options.Address)
	}
	dialer := tls.Dialer{Config: c.options.TLS}
	return dialer.DialContext(ctx, "tcp", c.options.Address)
}
