package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// connections notes when brokers answer a source's client, and why connections fail.
type connections struct{ source *Source }

// OnBrokerConnect implements kgo.HookBrokerConnect; err includes a refused login.
func (c *connections) OnBrokerConnect(broker kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	s := c.source
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) {
		return
	}
	address := net.JoinHostPort(broker.Host, strconv.Itoa(int(broker.Port)))
	err = s.meters.failed(fmt.Errorf("connect to %s: %w", address, s.options.cluster().loginCut(err)))
	s.warn("connect", err, "no connection to a Kafka broker; trying on")
}

// OnBrokerRead implements kgo.HookBrokerRead. What belongs to a login says nothing yet.
func (c *connections) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.SASLHandshake, kmsg.SASLAuthenticate:
		return
	}
	if err == nil {
		c.source.meters.heard.Store(time.Now().UnixNano())
	}
}
