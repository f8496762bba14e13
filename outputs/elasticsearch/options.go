package elasticsearch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/logboom/logboom/internal/elastic"
	"github.com/logboom/logboom/outputs/logstash"
)

// Action is what is done with a document.
type Action string

// The actions.
const (
	// ActionCreate writes a document unless its id is there.
	ActionCreate Action = "create"
	// ActionIndex writes a document over one that has its id. Data streams refuse it.
	ActionIndex Action = "index"
)

// What Options.DocumentID may be beside a text with references.
const (
	// IDEvent makes the id from the event's place in the journal.
	IDEvent = "event"
	// IDAuto lets Elasticsearch make one.
	IDAuto = "auto"
)

// The defaults of Options.
const (
	DefaultTimeout     = elastic.DefaultTimeout
	DefaultConcurrency = 2
	// DefaultType, DefaultDataset and DefaultNamespace are the parts of a data stream's name, as Logstash has them.
	DefaultType      = "logs"
	DefaultDataset   = "generic"
	DefaultNamespace = "default"
)

// DataStream is the parts of a data stream's name for events that do not say them in data_stream.*; empty parts stand for
// the defaults.
type DataStream struct{ Type, Dataset, Namespace string }

// Options say where and how to write. The zero value of each field but Hosts is a usable default.
type Options struct {
	// Hosts are the URLs of the nodes, http or https, taken in turn. User information in one is used for it and never
	// shown.
	Hosts []string
	// Index is the name of an index, an alias or a data stream, with references such as %{[@metadata][beat]} or
	// %{+YYYY.MM.dd}. If empty, events go to the data stream that their data_stream.* names, and these fields are added
	// where they are missing, as Logstash does with its data_stream auto.
	Index string
	// DataStream is for events without data_stream.*. It has no effect with Index.
	DataStream DataStream
	// Action is ActionCreate if empty, but ActionIndex where DocumentID is a text with references.
	Action Action
	// Pipeline is the ingest pipeline, a text with references. Empty, or where a reference in it has no field: none.
	Pipeline string
	// Routing chooses the shard, a text with references. Empty, or where a reference in it has no field: by the id.
	Routing string
	// DocumentID is IDEvent if empty, or IDAuto, or a text with references. An event for which the text says nothing gets
	// the id that IDEvent gives it.
	DocumentID string
	// Username and Password are for basic authentication.
	Username, Password string
	// APIKey is used instead of a password: in the form id:key, or encoded as Elasticsearch hands it out.
	APIKey string
	// CA is a PEM bundle of the authorities to trust instead of the system's.
	CA []byte
	// InsecureSkipVerify takes any certificate. It makes TLS worthless against whoever can listen in.
	InsecureSkipVerify bool
	// CompressionLevel is that of gzip for requests, 1 to 9; 0 for none.
	CompressionLevel int
	// Timeout is for one request, from the connection to the end of the answer; DefaultTimeout if zero.
	Timeout time.Duration
	// Concurrency is how many requests may be under way at a time; DefaultConcurrency if zero.
	Concurrency int
}

// String names the hosts, without any secret.
func (o Options) String() string {
	index := o.Index
	if index == "" {
		index = "data streams"
	}
	return fmt.Sprintf("%s on %s", index, o.connection())
}

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	texts := map[*string]string{
		&o.DataStream.Type: DefaultType, &o.DataStream.Dataset: DefaultDataset, &o.DataStream.Namespace: DefaultNamespace,
		&o.DocumentID: IDEvent,
	}
	for text, value := range texts {
		if *text == "" {
			*text = value
		}
	}
	if o.Action == "" {
		o.Action = ActionCreate
		if o.idFromText() && o.Index != "" {
			o.Action = ActionIndex
		}
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
}

func (o *Options) idFromText() bool { return o.DocumentID != IDEvent && o.DocumentID != IDAuto }

// connection returns how to reach the cluster.
func (o *Options) connection() elastic.Connection {
	return elastic.Connection{
		Hosts: o.Hosts, Username: o.Username, Password: o.Password, APIKey: o.APIKey, CA: o.CA,
		InsecureSkipVerify: o.InsecureSkipVerify, Timeout: o.Timeout, Requests: o.Concurrency,
	}
}

// validate returns every mistake at once.
func (o *Options) validate() error {
	connection := o.connection()
	mistakes := connection.Mistakes()
	mistake := func(format string, values ...any) { mistakes = append(mistakes, fmt.Errorf(format, values...)) }
	if o.Index != "" {
		if err := validateIndex(o.Index); err != nil {
			mistake("index: %w", err)
		}
	} else if err := o.DataStream.validate(); err != nil {
		mistake("data_stream: %w", err)
	}
	if o.Action != ActionCreate && o.Action != ActionIndex {
		mistake("action: %q is neither create nor index", o.Action)
	}
	if o.Action == ActionIndex && o.Index == "" {
		mistake("action: data streams take create only; set index, or leave action out")
	}
	for name, text := range map[string]string{"pipeline": o.Pipeline, "routing": o.Routing} {
		if _, err := logstash.ParseTemplate(text); err != nil {
			mistake("%s: %w", name, err)
		}
	}
	if o.idFromText() {
		if err := validateDocumentID(o.DocumentID); err != nil {
			mistake("document_id: %w", err)
		}
	}
	if o.CompressionLevel < 0 || o.CompressionLevel > 9 {
		mistake("compression_level: %d is not from 0 to 9", o.CompressionLevel)
	}
	return errors.Join(mistakes...)
}

func validateDocumentID(text string) error {
	template, err := logstash.ParseTemplate(text)
	if err != nil {
		return err
	}
	if _, constant := template.Constant(); constant {
		return fmt.Errorf("%q is the same for all events; write event, auto, or a text with %%{...}", text)
	}
	return nil
}

// notInNames are the characters that Elasticsearch allows in no name of an index.
const notInNames = "\\/*?\"<>| ,#:"

// validateIndex checks what of a name can be known before an event comes, by Elasticsearch's rules for names of indices.
func validateIndex(text string) error {
	template, err := logstash.ParseTemplate(text)
	if err != nil {
		return err
	}
	fixed := strings.Builder{} // the text with an a for each reference
	for rest := text; rest != ""; {
		open := strings.Index(rest, "%{")
		if open < 0 {
			fixed.WriteString(rest)
			break
		}
		end := open + strings.IndexByte(rest[open:], '}')
		for end+1 < len(rest) && rest[end+1] == '}' && strings.HasPrefix(rest[open:], "%{{") {
			end++
		}
		fixed.WriteString(rest[:open] + "a")
		rest = rest[end+1:]
	}
	return validateName(fixed.String(), template.String())
}

func validateName(name, shown string) error {
	switch {
	case name == "." || name == ".." || name == "" || len(name) > 255:
		return fmt.Errorf("%q is no name for an index", shown)
	case strings.ToLower(name) != name:
		return fmt.Errorf("%q must be in lower case", shown)
	case strings.ContainsAny(name, notInNames):
		return fmt.Errorf(`%q must hold none of \ / * ? " < > | , # : and no space`, shown)
	case strings.ContainsAny(name[:1], "-_+"):
		return fmt.Errorf("%q must not begin with - _ or +", shown)
	}
	return nil
}

func (d DataStream) validate() error {
	for _, part := range []string{d.Type, d.Dataset, d.Namespace} {
		if len(part) > 100 {
			return fmt.Errorf("%q has more than 100 bytes", part)
		}
	}
	if strings.Contains(d.Type+d.Dataset, "-") {
		return errors.New("type and dataset must hold no -, which is what stands between them")
	}
	name := d.Type + "-" + d.Dataset + "-" + d.Namespace
	return validateName(name, name)
}
