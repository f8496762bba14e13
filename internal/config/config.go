package config

import (
	"time"

	"github.com/logboom/logboom/outputs/logstash"
	"github.com/logboom/logboom/rules"
)

// Config is everything that can be set, as plain data. Sizes are bytes. A nil section of inputs and alerts is one that is
// not used. Values are as they were written: relative paths are relative to the working directory.
type Config struct {
	// Data is the folder of the journal.
	Data string
	// Ack says when a batch is acknowledged.
	Ack     Ack
	Journal Journal
	Inputs  Inputs
	// Rules may be empty, then nothing raises an alert. MaxKeys and Idle are always filled in; Idle 0 is "off".
	Rules  []rules.Rule
	Alerts Alerts
	// Outputs are where events are passed on to; with none of them they are judged and forgotten.
	Outputs []Output
	HTTP    HTTP
	Log     Log
	// Warnings are what is allowed but hardly meant. They are for whoever starts logboom and change nothing.
	Warnings []Mistake
}

// Ack says when a batch is acknowledged to the shipper.
type Ack string

// The values of ack.
const (
	// AckDurable acknowledges what is on disk.
	AckDurable Ack = "durable"
	// AckMemory acknowledges what is in memory: faster, and lost when the process is killed.
	AckMemory Ack = "memory"
)

// Journal is how much room the journal may take. 0 leaves it to the journal, which knows the disk.
type Journal struct {
	// Budget is the most that it may hold; by itself 10 GiB or a tenth of the disk, whichever is less.
	Budget int64
	// Reserve is how much of the disk stays free, whoever fills it; by itself 256 MiB or a twentieth of the disk.
	Reserve int64
	// SegmentSize is the size of one file of the journal, the unit in which room is given back; by itself 64 MiB or an
	// eighth of the budget.
	SegmentSize int64
}

// Inputs are where events come from. At least one is set.
type Inputs struct {
	Lumberjack *Lumberjack
	Kafka      *Kafka
}

// Lumberjack is the port that Filebeat's output.logstash connects to.
type Lumberjack struct {
	Listen string
	// TLS is nil for a plain port.
	TLS    *ServerTLS
	Limits LumberjackLimits
	// IdleTimeout closes a connection on which no window comes, ReadTimeout one that stops within a window.
	IdleTimeout, ReadTimeout time.Duration
	// HandshakeTimeout bounds the TLS handshake, WriteTimeout the writing of an acknowledgement.
	HandshakeTimeout, WriteTimeout time.Duration
	// Heartbeat is how often a shipper that waits for its acknowledgement is told to go on waiting.
	Heartbeat time.Duration
	// Keepalive is the interval of TCP keepalive probes.
	Keepalive time.Duration
	// Written are the settings that change what outputs write, of events from Kafka as well. An encoder can be made of them.
	Written logstash.Settings
}

// ServerTLS is how a port is secured. Certificate, Key and ClientAuthorities are PEM files that were good at load.
type ServerTLS struct {
	Certificate, Key  string
	ClientAuthorities []string
	// ClientAuthentication is never empty: where it is not set, it is required with client authorities, as Logstash
	// has it, and none without.
	ClientAuthentication ClientAuthentication
}

// ClientAuthentication says whether a shipper has to show a certificate.
type ClientAuthentication string

// The values of client_authentication.
const (
	ClientAuthenticationNone     ClientAuthentication = "none"
	ClientAuthenticationOptional ClientAuthentication = "optional"
	ClientAuthenticationRequired ClientAuthentication = "required"
)

// LumberjackLimits bound what shippers can make logboom hold.
type LumberjackLimits struct {
	// Window is the most events of one window.
	Window int
	// Event is the most bytes of one event, Inflated of one window once inflated.
	Event, Inflated int64
	// Ratio is how many bytes of events a window may hold for each of its bytes on the wire.
	Ratio int
	// InFlight is the most bytes of all connections together that are not acknowledged yet.
	InFlight int64
	// Connections is the most connections at once.
	Connections int
}

// Kafka is a cluster that events are consumed from.
type Kafka struct {
	Brokers        []string
	Topics         []string
	Group          string
	ClientID       string
	SessionTimeout time.Duration
	// Start is where a group without a position begins.
	Start Start
	TLS   ClientTLS
	// SASL is nil where no user name is asked for.
	SASL *SASL
}

// Start is where a consumer group without a position begins.
type Start string

// The values of start.
const (
	StartEarliest Start = "earliest"
	StartLatest   Start = "latest"
)

// ClientTLS is how a connection to a server is secured. The files are PEM and were good at load.
type ClientTLS struct {
	Enabled bool
	// CA is trusted in the place of the system's authorities; empty for those.
	CA string
	// Certificate and Key are shown to the server; both or neither are set.
	Certificate, Key string
	// ServerName is the name that the server's certificate must hold; empty for the name that was dialled.
	ServerName         string
	InsecureSkipVerify bool
}

// SASL is a user of a cluster.
type SASL struct {
	Mechanism Mechanism
	Username  string
	Password  Secret
}

// Mechanism is how a user proves to be the one.
type Mechanism string

// The values of mechanism.
const (
	MechanismSCRAM256 Mechanism = "SCRAM-SHA-256"
	MechanismSCRAM512 Mechanism = "SCRAM-SHA-512"
	MechanismPlain    Mechanism = "PLAIN"
)

// Output is a place that events are passed on to.
type Output struct {
	// Name is what it is called in logs, metrics and dead letters, and what its place in the journal is kept under.
	Name string
	Type OutputType
	// Where chooses the events; empty for all.
	Where string
	// Required says that the output must have every event: the journal keeps what it has not had, and when that is full no
	// events are taken. One that is not required misses what is more than MaxBehind bytes of the journal behind.
	Required  bool
	MaxBehind int64

	// The settings of its type, nil of others.
	File          *EventFile
	Elasticsearch *EventElasticsearch
	Kafka         *EventKafka
	Lumberjack    *EventLumberjack
	HTTP          *EventHTTP
}

// Alerts are where alerts go. With none of them they are only in the journal.
type Alerts struct {
	Elasticsearch *Elasticsearch
	Slack         *Slack
	Webhook       *Webhook
	Alertmanager  *Alertmanager
	PagerDuty     *PagerDuty
	Email         *Email
	File          *File
	Stdout        *Stdout
	// Builtin switches on the alerts that logboom raises about itself: a journal that fills, dead letters.
	Builtin bool
}

// Elasticsearch is a cluster that alert documents are written to. At most one of Password and APIKey is set.
type Elasticsearch struct {
	// Hosts are URLs without user names.
	Hosts    []string
	Index    string
	Username string
	Password Secret
	APIKey   Secret
	// CA is a PEM file that is trusted in the place of the system's authorities; empty for those.
	CA                 string
	InsecureSkipVerify bool
	// Template says whether an index template for Index is installed.
	Template bool
	// Timeout bounds one request.
	Timeout time.Duration
}

// Slack is a channel that alerts are posted to: either Token and Channel are set, or Webhook.
type Slack struct {
	Token   Secret
	Channel string
	Webhook Secret
	// URL is the root of Slack's API.
	URL string
	// Text and Details are templates of the message's first line and of the block below; empty for the built-in ones.
	Text, Details string
	// Link is a template of the address where the logs can be looked at; empty for none.
	Link string
	// StormThreshold is how many alerts may begin in a minute before they are counted in one message.
	StormThreshold int
	// Timeout bounds one request.
	Timeout time.Duration
}

// File is a file that alerts are appended to as JSON lines.
type File struct{ Path string }

// Stdout are alerts as JSON lines on standard output.
type Stdout struct{}

// HTTP is the port for health, metrics and the API.
type HTTP struct {
	Listen string
	// Token is what a caller has to show off loopback.
	Token Secret
	// Insecure opens everything to everybody off loopback.
	Insecure bool
}

// Log is what logboom says about itself, on standard error.
type Log struct {
	Level  Level
	Format Format
}

// Level is how much is said.
type Level string

// The values of level.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Format is how it is written.
type Format string

// The values of format.
const (
	// FormatAuto is console on a terminal and JSON elsewhere.
	FormatAuto    Format = "auto"
	FormatJSON    Format = "json"
	FormatConsole Format = "console"
)
