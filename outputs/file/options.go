package file

import (
	"errors"

	"github.com/rs/zerolog"

	"github.com/logboom/logboom/internal/appendfile"
)

// Options are the settings of a file of events. Path is needed.
type Options struct {
	// Path is the file, which is made where there is none. Its folder must be there.
	Path string
	// RotateSize is how many bytes a file gets before it is set aside; 0 for never. Only a single event can make it larger.
	RotateSize int64
	// Keep is how many of the files that were set aside are kept, 0 for all.
	Keep int
	// Gzip compresses what was set aside, in the background.
	Gzip bool
	// Logger takes what an operator has to know; its zero value says nothing.
	Logger zerolog.Logger

	// system is the disk, unless a test puts another one in its place.
	system appendfile.FileSystem
}

func (o *Options) validate() error {
	var mistakes []error
	if o.Path == "" {
		mistakes = append(mistakes, errors.New("path: the file of events needs one"))
	}
	if o.RotateSize < 0 {
		mistakes = append(mistakes, errors.New("rotate_size: it is negative"))
	}
	if o.Keep < 0 {
		mistakes = append(mistakes, errors.New("keep: it is negative"))
	}
	return errors.Join(mistakes...)
}
