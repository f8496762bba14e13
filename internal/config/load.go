package config

import (
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
)

// mostBytes is how large a configuration may be.
const mostBytes = 1 << 20

// Load reads the configuration file at path. The environment returns a variable and whether it is set, as os.LookupEnv
// does; nil stands for one without variables. It fails with Mistakes for a file that has any, and with the system's error
// for one that cannot be read.
func Load(path string, environment func(string) (string, bool)) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, environment)
}

// Parse is Load for the bytes of a file; name is what mistakes call it. What data leaves out is as in Default. The files
// of TLS that the configuration names are read, to see whether they are good. It keeps nothing of data, and may be called
// concurrently.
func Parse(name string, data []byte, environment func(string) (string, bool)) (Config, error) {
	if environment == nil {
		environment = func(string) (string, bool) { return "", false }
	}
	d := newDecoder(name, outside{variable: environment, read: readSecretFile, contents: readPEMFile})
	config := d.config(data)
	if len(d.mistakes) > 0 {
		return Config{}, d.sorted()
	}
	d.warnings.sort()
	config.Warnings = d.warnings
	return config, nil
}

// config decodes and judges a whole file.
func (d *decoder) config(data []byte) Config {
	config := d.decode(data)
	if !d.exhausted {
		d.check(&config)
	}
	return config
}

// decode takes what the file says, without judging settings together.
func (d *decoder) decode(data []byte) Config {
	config := Default()
	document, wrong := parseDocument(data)
	if wrong != nil {
		wrong.File = d.file
		d.mistakes = append(d.mistakes, *wrong)
		d.exhausted = true
		return config
	}
	d.place("", document)
	rootSettings(&config).decode(d, document, "")
	return config
}

// sorted returns the mistakes in the order of their places, and says when there are more.
func (d *decoder) sorted() Mistakes {
	d.mistakes.sort()
	if len(d.mistakes) >= mostMistakes {
		d.mistakes = append(d.mistakes, Mistake{File: d.file, Message: "there may be more mistakes; mend these first"})
	}
	return d.mistakes
}

// Print writes the configuration as YAML that Parse takes, with "<secret>" for secrets; what is empty is left out. Its
// error is that of w.
func (c Config) Print(w io.Writer) error {
	text, err := yaml.Dump(rootSettings(&c).encode(), yaml.WithLineWidth(0))
	if err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return nil
}

// MarshalYAML returns what Print writes.
func (c Config) MarshalYAML() (any, error) { return rootSettings(&c).encode(), nil }

// String returns what Print writes, so that a Config can be printed whole.
func (c Config) String() string {
	var text strings.Builder
	if err := c.Print(&text); err != nil {
		return err.Error()
	}
	return text.String()
}
