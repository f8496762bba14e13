package compare

import (
	"io"
	"time"
)

// Options say how it is measured.
type Options struct {
	// Source is the root of the repository, which is built.
	Source string
	// Folder is where binaries and data go, on the disk to be measured. What is put there is deleted in the end.
	Folder string
	// Rounds is how many times all is measured, and Span for how long each server is under each load.
	Rounds int
	Span   time.Duration
	// Logboom, if not empty, is a binary to measure instead of the one that is built.
	Logboom string
	// Elasticsearch is the URL of a real Elasticsearch, and Kafka the brokers of a real Kafka, separated by commas, that events may
	// be written to. What they are left empty for is not measured.
	Elasticsearch, Kafka string
	// Progress is told what is being measured.
	Progress io.Writer
}

// warmUp is how long a server is under load before it is measured.
const warmUp = 400 * time.Millisecond
