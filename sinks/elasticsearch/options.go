package elasticsearch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/elastic"
)

// The defaults of Options.
const (
	DefaultIndex   = "alerts"
	DefaultTimeout = elastic.DefaultTimeout
)

// Options say where and how to index. The zero value of each field but Hosts is a usable default.
type Options struct {
	// Hosts are the URLs of the nodes, http or https, taken in turn. User information in one is used for it and never
	// shown.
	Hosts []string
	// Index is the name of an index, an alias or a data stream; DefaultIndex if empty.
	Index string
	// Username and Password are for basic authentication.
	Username, Password string
	// APIKey is used instead of a password: in the form id:key, or encoded as Elasticsearch hands it out.
	APIKey string
	// CA is a PEM bundle of the authorities to trust instead of the system's.
	CA []byte
	// InsecureSkipVerify takes any certificate. It makes TLS worthless against whoever can listen in.
	InsecureSkipVerify bool
	// Timeout is for one request, from the connection to the end of the answer; DefaultTimeout if zero, which is what
	// Logstash's output waits.
	Timeout time.Duration
	// NoTemplate leaves index templates alone. Otherwise one for Index is installed before the first document.
	NoTemplate bool
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger
}

// String names the hosts, without any secret.
func (o Options) String() string {
	return fmt.Sprintf("index %s on %s", o.Index, o.connection())
}

// GoString returns String, so that no verb of fmt prints a secret.
func (o Options) GoString() string { return o.String() }

func (o *Options) setDefaults() {
	if o.Index == "" {
		o.Index = DefaultIndex
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
}

// connection returns how to reach the cluster.
func (o *Options) connection() elastic.Connection {
	return elastic.Connection{
		Hosts: o.Hosts, Username: o.Username, Password: o.Password, APIKey: o.APIKey, CA: o.CA,
		InsecureSkipVerify: o.InsecureSkipVerify, Timeout: o.Timeout,
	}
}

// validate returns every mistake at once.
func (o *Options) validate() error {
	connection := o.connection()
	mistakes := connection.Mistakes()
	if err := validateIndex(o.Index); err != nil {
		mistakes = append(mistakes, err)
	}
	return errors.Join(mistakes...)
}

// validateIndex checks the name by Elasticsearch's rules for index names, so that a mistake shows before the first alert.
func validateIndex(index string) error {
	switch {
	case index == "." || index == ".." || len(index) > 255:
		return fmt.Errorf("index: %q is no name for an index", index)
	case strings.ToLower(index) != index:
		return fmt.Errorf("index: %q must be in lower case", index)
	case strings.ContainsAny(index, "\\/*?\"<>| ,#:%"):
		return fmt.Errorf(`index: %q must hold none of \ / * ? " < > | , # : %% and no space`, index)
	case strings.ContainsAny(index[:1], "-_+"):
		return fmt.Errorf("index: %q must not begin with - _ or +", index)
	}
	return nil
}
