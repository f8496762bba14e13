package config

import (
	"time"

	"github.com/logboom/logboom/rules"
)

const (
	kibibyte = int64(1) << 10
	mebibyte = int64(1) << 20
	gibibyte = int64(1) << 30
	day      = 24 * time.Hour
)

// Default returns what logboom does without a configuration: Lumberjack on port 5044 of all interfaces, one rule (5 or
// more events within a second), alerts to standard output and the journal, HTTP on 127.0.0.1:9600. Each call returns a
// value of its own.
func Default() Config {
	lumberjack := defaultLumberjack()
	return Config{
		Data:   "./data",
		Ack:    AckDurable,
		Inputs: Inputs{Lumberjack: &lumberjack},
		Rules:  []rules.Rule{defaultRule()},
		Alerts: Alerts{Stdout: &Stdout{}, Builtin: true},
		HTTP:   HTTP{Listen: "127.0.0.1:9600"},
		Log:    Log{Level: LevelInfo, Format: FormatAuto},
	}
}

func defaultRule() rules.Rule {
	rule := newRule()
	rule.Name, rule.Window, rule.Threshold = "too many lines", time.Second, 5
	return rule
}

// newRule returns a rule with what need not be said.
func newRule() rules.Rule {
	return rules.Rule{Idle: rules.DefaultIdle, MaxKeys: rules.DefaultMaxKeys}
}

func defaultLumberjack() Lumberjack {
	return Lumberjack{
		Listen: ":5044",
		Limits: LumberjackLimits{
			Window:      100_000,
			Event:       16 * mebibyte,
			Inflated:    100 * mebibyte,
			Ratio:       250,
			InFlight:    256 * mebibyte,
			Connections: 10_000,
		},
		IdleTimeout:      5 * time.Minute,
		ReadTimeout:      30 * time.Second,
		HandshakeTimeout: 10 * time.Second,
		WriteTimeout:     30 * time.Second,
		Heartbeat:        5 * time.Second,
		Keepalive:        15 * time.Second,
		Written:          newWritten(),
	}
}

func newServerTLS() ServerTLS { return ServerTLS{} }

func defaultKafka() Kafka {
	return Kafka{
		Topics:         []string{"logs"},
		Group:          "0",
		ClientID:       "logboom",
		SessionTimeout: 6 * time.Second,
		Start:          StartEarliest,
	}
}

func defaultSASL() SASL { return SASL{Mechanism: MechanismSCRAM256} }

func defaultElasticsearch() Elasticsearch {
	return Elasticsearch{Index: "alerts", Template: true, Timeout: time.Minute}
}

func defaultSlack() Slack {
	return Slack{URL: "https://slack.com/api", StormThreshold: 20, Timeout: 10 * time.Second}
}

func defaultFile() File { return File{Path: "alerts.ndjson"} }

func newStdout() Stdout { return Stdout{} }
