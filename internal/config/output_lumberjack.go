package config

import (
	"net"
	"time"
)

// OutputLumberjack passes events on to another logboom, or to a Logstash with the beats input.
const OutputLumberjack OutputType = "lumberjack"

// EventLumberjack are servers that events are passed on to, as they came.
type EventLumberjack struct {
	// Hosts are tried in this order, and each is kept to while it works.
	Hosts []string
	TLS   ClientTLS
	// Window is the most events of a window, Pipelining how many windows are under way on a connection.
	Window, Pipelining int
	// CompressionLevel is zlib's, 0 for none.
	CompressionLevel int
	// Connections is how many there are at once; with LoadBalance they begin at different hosts.
	Connections int
	LoadBalance bool
	// Timeout is how long to wait for a connection, and for a sign of life while a window is under way.
	Timeout time.Duration
}

func lumberjackOutput() outputKind {
	return outputKind{
		name: OutputLumberjack,
		start: func(o *Output) {
			o.Lumberjack = &EventLumberjack{
				Window: 2048, Pipelining: 2, CompressionLevel: 3, Connections: 1, Timeout: 30 * time.Second,
			}
		},
		inside: func(o *Output) section { return eventLumberjackSettings(o.Lumberjack) },
	}
}

func eventLumberjackSettings(l *EventLumberjack) section {
	return section{
		{name: "hosts", value: textsSetting{&l.Hosts, 1, mostEntries, lumberjackHost}, required: true},
		{name: "tls", value: given{
			section: clientTLSSettings(&l.TLS),
			begin:   func() { l.TLS.Enabled = true },
			present: func() bool { return l.TLS != ClientTLS{} },
		}},
		{name: "window", value: wholeSetting(&l.Window, 1, 100_000)},
		{name: "pipelining", value: wholeSetting(&l.Pipelining, 1, 100)},
		{name: "compression_level", value: wholeSetting(&l.CompressionLevel, 0, 9)},
		{name: "connections", value: wholeSetting(&l.Connections, 1, 64)},
		{name: "load_balance", value: flagSetting(&l.LoadBalance)},
		{name: "timeout", value: durationSetting(&l.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

// lumberjackHost is a host and a port.
func lumberjackHost(target *string) single[string] {
	return textSetting(target, "a host and port such as logboom:5044", func(text string) error {
		host, port, err := net.SplitHostPort(text)
		if err == nil && host != "" && isHost(host) && isPort(port) && port != "0" {
			return nil
		}
		wrong := &misfit{}
		if isHost(text) {
			wrong.meant = net.JoinHostPort(text, "5044")
		}
		return wrong
	})
}

// checkLumberjackOutputs judges the settings of each output by Lumberjack together.
func (d *decoder) checkLumberjackOutputs(list []Output) {
	for _, output := range list {
		l := output.Lumberjack
		if l == nil {
			continue
		}
		path := join("outputs", output.Name)
		d.checkClientTLS(path+".tls", l.TLS)
		if l.LoadBalance && l.Connections < len(l.Hosts) && d.sound(path+".hosts", path+".connections", path+".load_balance") {
			d.complain(path+".load_balance", "needs a connection for each host: set connections to the number of hosts, or a multiple")
		}
	}
}
