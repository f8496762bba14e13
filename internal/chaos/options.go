package chaos

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what a run does. Zero values stand for the defaults, but for Seed.
type Options struct {
	// Duration is for how long faults happen: 10 min. Waiting and counting come on top.
	Duration time.Duration
	// Seed draws lines and faults.
	Seed uint64
	// Kills is how often logboom is killed: one in 5 s.
	Kills int
	// Agents is how many shippers there are, 6, and Rate how many events a second they send together in quiet times: 900.
	Agents, Rate int
	// Drain bounds the wait at the end until everything has arrived: 10 min.
	Drain time.Duration
	// Services is the folder of the scripts that start an Elasticsearch and a Kafka: ../shared/services.
	Services string
	// Without are receivers to leave out: elasticsearch, kafka, http. The table says so.
	Without []string
	// Inject makes the disk full by injected ENOSPC, as is done anyhow where no tmpfs may be mounted.
	Inject bool
	// Binary is the logboom to run; empty for one that is built from the module in the current folder.
	Binary string
	// Folder is where everything is kept; empty for a new one in the system's folder for temporary files. It must not exist.
	Folder string
	// Keep keeps the folder even if there is nothing to debug.
	Keep bool
	// Progress gets a line now and then, and the table at the end.
	Progress io.Writer
}

func (o Options) withDefaults() Options {
	setDefault(&o.Duration, 10*time.Minute)
	setDefault(&o.Kills, max(1, int(o.Duration/(5*time.Second))))
	setDefault(&o.Agents, 6)
	setDefault(&o.Rate, 900)
	setDefault(&o.Drain, 10*time.Minute)
	setDefault(&o.Services, "../shared/services")
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

func setDefault[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

func (o Options) validate() error {
	switch {
	case o.Duration < 5*time.Second:
		return errors.New("options of chaos: a duration of at least 5s is needed")
	case o.Kills < 0 || o.Agents < 1 || o.Rate < o.Agents:
		return errors.New("options of chaos: kills, agents and rate must be positive, and the rate at least 1 an agent")
	}
	for _, name := range o.Without {
		if name != elasticsearchName && name != kafkaName && name != httpName {
			return fmt.Errorf("options of chaos: %q can't be left out, only %s, %s and %s can", name, elasticsearchName, kafkaName, httpName)
		}
	}
	return nil
}

// The names of what can be left out.
const (
	elasticsearchName = "elasticsearch"
	kafkaName         = "kafka"
	httpName          = "http"
)
