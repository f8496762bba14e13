package config

import (
	"time"

	"github.com/logboom/logboom/rules"
)

// The table of all settings: their names, kinds, ranges and where they go. Functions return it over a given target, so
// that the same table decodes into a value and prints it. Ranges are wide: they catch mistakes, not taste.

const (
	// longestRuleName is how many bytes a rule's name may have.
	longestRuleName = 200
	// mostRules, mostEntries: rules, and entries of any list in the file.
	mostRules   = 1000
	mostEntries = 1000
)

func rootSettings(c *Config) section {
	return section{
		{name: "data", value: textSetting(&c.Data, "a folder such as ./data")},
		{name: "ack", value: choiceSetting(&c.Ack, AckDurable, AckMemory)},
		{name: "journal", value: journalSettings(&c.Journal)},
		{name: "inputs", value: given{
			section: inputSettings(&c.Inputs),
			begin:   func() { c.Inputs = Inputs{} },
			present: func() bool { return true },
		}},
		{name: "rules", value: items[rules.Rule]{target: &c.Rules, most: mostRules, start: newRule, inside: ruleSettings}},
		{name: "alerts", value: given{
			section: alertSettings(&c.Alerts),
			begin:   func() { c.Alerts = Alerts{Builtin: true} },
			present: func() bool { return true },
		}},
		{name: "outputs", value: outputs{&c.Outputs}},
		{name: "http", value: httpSettings(&c.HTTP)},
		{name: "log", value: section{
			{name: "level", value: choiceSetting(&c.Log.Level, LevelDebug, LevelInfo, LevelWarn, LevelError)},
			{name: "format", value: choiceSetting(&c.Log.Format, FormatAuto, FormatJSON, FormatConsole)},
		}},
	}
}

func journalSettings(j *Journal) section {
	return section{
		{name: "budget", value: autoOrSizeSetting(&j.Budget, 16*mebibyte, 1024*1024*gibibyte)},
		{name: "reserve", value: autoOrSizeSetting(&j.Reserve, mebibyte, 1024*1024*gibibyte)},
		{name: "segment_size", value: autoOrSizeSetting(&j.SegmentSize, mebibyte, gibibyte)},
	}
}

func inputSettings(i *Inputs) section {
	return section{
		{name: "lumberjack", value: optional[Lumberjack]{&i.Lumberjack, defaultLumberjack, lumberjackSettings}},
		{name: "kafka", value: optional[Kafka]{&i.Kafka, defaultKafka, kafkaSettings}},
	}
}

func lumberjackSettings(l *Lumberjack) section {
	const least, most = 10 * time.Millisecond, day
	connection := section{
		{name: "listen", value: listenSetting(&l.Listen, ":5044 or 127.0.0.1:5044")},
		{name: "tls", value: optional[ServerTLS]{&l.TLS, newServerTLS, serverTLSSettings}},
		{name: "limits", value: limitSettings(&l.Limits)},
		{name: "idle_timeout", value: durationSetting(&l.IdleTimeout, least, most)},
		{name: "read_timeout", value: durationSetting(&l.ReadTimeout, least, most)},
		{name: "handshake_timeout", value: durationSetting(&l.HandshakeTimeout, least, most)},
		{name: "write_timeout", value: durationSetting(&l.WriteTimeout, least, most)},
		{name: "heartbeat", value: durationSetting(&l.Heartbeat, least, most)},
		{name: "keepalive", value: durationSetting(&l.Keepalive, time.Second, most)},
	}
	return append(connection, writtenSettings(&l.Written)...)
}

func serverTLSSettings(t *ServerTLS) section {
	return section{
		{name: "certificate", value: certificateSetting(&t.Certificate), required: true},
		{name: "key", value: keySetting(&t.Key), required: true},
		{name: "client_authorities", value: textsSetting{&t.ClientAuthorities, 0, mostEntries, authoritiesSetting}},
		{name: "client_authentication", value: choiceSetting(&t.ClientAuthentication,
			ClientAuthenticationNone, ClientAuthenticationOptional, ClientAuthenticationRequired)},
	}
}

func limitSettings(l *LumberjackLimits) section {
	return section{
		{name: "window", value: wholeSetting(&l.Window, 1, 10_000_000)},
		{name: "event", value: sizeSetting(&l.Event, kibibyte, gibibyte)},
		{name: "inflated", value: sizeSetting(&l.Inflated, kibibyte, 16*gibibyte)},
		{name: "ratio", value: wholeSetting(&l.Ratio, 1, 1_000_000)},
		{name: "in_flight", value: sizeSetting(&l.InFlight, mebibyte, 1024*gibibyte)},
		{name: "connections", value: wholeSetting(&l.Connections, 1, 1_000_000)},
	}
}

func kafkaSettings(k *Kafka) section {
	topic := func(target *string) single[string] {
		return textSetting(target, "a topic such as logs", isTopic)
	}
	return section{
		{name: "brokers", value: textsSetting{&k.Brokers, 1, mostEntries, brokerSetting}, required: true},
		{name: "topics", value: textsSetting{&k.Topics, 1, mostEntries, topic}},
		{name: "group", value: textSetting(&k.Group, "a name of a consumer group")},
		{name: "client_id", value: textSetting(&k.ClientID, "a name")},
		{name: "session_timeout", value: durationSetting(&k.SessionTimeout, time.Second, 30*time.Minute)},
		{name: "start", value: choiceSetting(&k.Start, StartEarliest, StartLatest)},
		{name: "tls", value: given{
			section: clientTLSSettings(&k.TLS),
			begin:   func() { k.TLS.Enabled = true },
			present: func() bool { return k.TLS != ClientTLS{} },
		}},
		{name: "sasl", value: optional[SASL]{&k.SASL, defaultSASL, saslSettings}},
	}
}

func clientTLSSettings(t *ClientTLS) section {
	return section{
		{name: "enabled", value: flagSetting(&t.Enabled)},
		{name: "ca", value: authoritiesSetting(&t.CA)},
		{name: "certificate", value: certificateSetting(&t.Certificate)},
		{name: "key", value: keySetting(&t.Key)},
		{name: "server_name", value: textSetting(&t.ServerName, "a host name")},
		{name: "insecure_skip_verify", value: flagSetting(&t.InsecureSkipVerify)},
	}
}

func saslSettings(s *SASL) section {
	return section{
		{name: "mechanism", value: choiceSetting(&s.Mechanism, MechanismSCRAM256, MechanismSCRAM512, MechanismPlain)},
		{name: "username", value: textSetting(&s.Username, "a user name"), required: true},
		{name: "password", value: secretSetting(&s.Password, "a password", notEmpty), required: true, secret: true},
	}
}

func ruleSettings(r *rules.Rule) section {
	field := func(target *string) single[string] { return textSetting(target, "a field such as host.name") }
	return section{
		{name: "name", value: textSetting(&r.Name, "a name of at most 200 bytes", atMost(longestRuleName)), required: true},
		{name: "where", value: linesSetting(&r.Where, "a condition such as status >= 500")},
		{name: "group_by", value: textsSetting{&r.GroupBy, 0, 16, field}},
		{name: "window", value: durationSetting(&r.Window, 1, rules.MaxWindow), required: true},
		{name: "threshold", value: wholeSetting(&r.Threshold, 1, rules.MaxThreshold), required: true},
		{name: "idle", value: offOrDurationSetting(&r.Idle, rules.MaxWindow)},
		{name: "max_keys", value: wholeSetting(&r.MaxKeys, 1, rules.MaxKeysLimit)},
	}
}

func alertSettings(a *Alerts) section {
	return section{
		{name: "elasticsearch", value: optional[Elasticsearch]{
			&a.Elasticsearch, defaultElasticsearch, elasticsearchSettings,
		}},
		{name: "slack", value: optional[Slack]{&a.Slack, defaultSlack, slackSettings}},
		{name: "webhook", value: optional[Webhook]{&a.Webhook, defaultWebhook, webhookSettings}},
		{name: "alertmanager", value: optional[Alertmanager]{&a.Alertmanager, defaultAlertmanager, alertmanagerSettings}},
		{name: "pagerduty", value: optional[PagerDuty]{&a.PagerDuty, defaultPagerDuty, pagerDutySettings}},
		{name: "email", value: optional[Email]{&a.Email, defaultEmail, emailSettings}},
		{name: "file", value: optional[File]{&a.File, defaultFile, func(f *File) section {
			return section{{name: "path", value: textSetting(&f.Path, "a file such as alerts.ndjson")}}
		}}},
		{name: "stdout", value: optional[Stdout]{&a.Stdout, newStdout, func(*Stdout) section { return section{} }}},
		{name: "builtin", value: flagSetting(&a.Builtin)},
	}
}

func elasticsearchSettings(e *Elasticsearch) section {
	host := func(target *string) single[string] { return urlSetting(target, "http://elasticsearch:9200") }
	return section{
		{name: "hosts", value: textsSetting{&e.Hosts, 1, mostEntries, host}, required: true},
		{name: "index", value: textSetting(&e.Index, "a name of an index", isIndex)},
		{name: "username", value: textSetting(&e.Username, "a user name")},
		{name: "password", value: secretSetting(&e.Password, "a password", notEmpty), secret: true},
		{name: "api_key", value: secretSetting(&e.APIKey, "an API key", notEmpty, visible), secret: true},
		{name: "ca", value: authoritiesSetting(&e.CA)},
		{name: "insecure_skip_verify", value: flagSetting(&e.InsecureSkipVerify)},
		{name: "template", value: flagSetting(&e.Template)},
		{name: "timeout", value: durationSetting(&e.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

func slackSettings(s *Slack) section {
	const webhook = "https://hooks.slack.com/services/..."
	return section{
		{name: "token", value: secretSetting(&s.Token, "a bot token (xoxb-...)", notEmpty, visible), secret: true},
		{name: "channel", value: textSetting(&s.Channel, "a channel id such as C0123456789")},
		{name: "webhook", value: secretSetting(&s.Webhook, "a URL such as "+webhook, notEmpty, isURL), secret: true},
		{name: "url", value: urlSetting(&s.URL, "https://slack.com/api")},
		{name: "text", value: templateSetting(&s.Text)},
		{name: "details", value: templateSetting(&s.Details)},
		{name: "link", value: templateSetting(&s.Link)},
		{name: "storm_threshold", value: wholeSetting(&s.StormThreshold, 1, 1000)},
		{name: "timeout", value: durationSetting(&s.Timeout, 100*time.Millisecond, time.Hour)},
	}
}

func httpSettings(h *HTTP) section {
	return section{
		{name: "listen", value: listenSetting(&h.Listen, "127.0.0.1:9600 or :9600")},
		{name: "token", value: secretSetting(&h.Token, "a token", visible), secret: true},
		{name: "insecure", value: flagSetting(&h.Insecure)},
	}
}
