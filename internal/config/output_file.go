package config

import (
	"path/filepath"
	"strings"
)

// The types of outputs that write where logboom runs.
const (
	OutputFile   OutputType = "file"
	OutputStdout OutputType = "stdout"
)

// EventFile is a file that events are appended to as JSON lines.
type EventFile struct {
	Path string
	// RotateSize is how many bytes a file gets before it is set aside and a new one begun; 0 for never. Keep is how many of
	// those that were set aside are kept, 0 for all, Gzip whether they are compressed.
	RotateSize int64
	Keep       int
	Gzip       bool
}

func fileOutput() outputKind {
	return outputKind{
		name:  OutputFile,
		start: func(o *Output) { o.File = &EventFile{Path: "events.ndjson", Gzip: true} },
		inside: func(o *Output) section {
			f := o.File
			return section{
				{name: "path", value: textSetting(&f.Path, "a file such as /var/log/logboom/events.ndjson")},
				{name: "rotate_size", value: offOrSizeSetting(&f.RotateSize, kibibyte, 1024*gibibyte)},
				{name: "keep", value: wholeSetting(&f.Keep, 0, 100_000)},
				{name: "gzip", value: flagSetting(&f.Gzip)},
			}
		},
	}
}

func stdoutOutput() outputKind {
	return outputKind{
		name:   OutputStdout,
		start:  func(*Output) {},
		inside: func(*Output) section { return nil },
	}
}

// checkFileOutputs judges the settings of each file together, and the files: two that write to one would cut off what the
// other wrote.
func (d *decoder) checkFileOutputs(c *Config) {
	users := map[string]string{}
	if c.Alerts.File != nil {
		users[fileOf(c.Alerts.File.Path)] = "alerts.file.path"
	}
	for _, output := range c.Outputs {
		if output.File == nil {
			continue
		}
		path := join("outputs", output.Name)
		if output.File.Keep > 0 && output.File.RotateSize == 0 && d.sound(path+".keep", path+".rotate_size") {
			d.complain(path+".keep", "is for files that were set aside; set rotate_size too")
		}
		if strings.HasSuffix(output.File.Path, "/") && d.sound(path+".path") {
			d.complain(path+".path", "is a folder; give a file in it")
		}
		file := fileOf(output.File.Path)
		if other, found := users[file]; found && d.sound(path+".path", other) {
			d.complain(path+".path", "the same file as "+other+"; give each its own")
		}
		users[file] = path + ".path"
	}
}

// fileOf returns what tells a file from others, whatever links lead to it: two outputs that write to one would cut off each other's lines.
func fileOf(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path))
	}
	return path
}
