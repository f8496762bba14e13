package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// mostExpanded is how many bytes all variables and files of a configuration may add.
	mostExpanded = 4 << 20
	// mostFile is how large a file of ${file:...} may be, mostPEM one of certificates.
	mostFile = 64 << 10
	mostPEM  = 16 << 20
)

// outside is what a configuration may look at beside its own text.
type outside struct {
	// variable returns an environment variable and whether it is set.
	variable func(name string) (string, bool)
	// read returns the text of a file.
	read func(path string) (string, error)
	// contents returns what is in a file that is no secret's. Its errors do not name the file.
	contents func(path string) ([]byte, error)
}

// variableName is what the shell and Logstash agree on.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// expansion is a text with its variables and files put in.
type expansion struct {
	text string
	// sources are the references that were replaced, in the form shown to people: without defaults.
	sources []string
	// dashed names the variables whose default begins with the shell's dash.
	dashed []string
}

// expand replaces ${VAR}, ${VAR:default} and ${file:/path} in text, and $${ by ${. What was put in is not looked at
// again.
func (o outside) expand(text string) (expansion, error) {
	var done expansion
	var out strings.Builder
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			break
		}
		if start > 0 && text[start-1] == '$' {
			out.WriteString(text[:start] + "{")
			text = text[start+2:]
			continue
		}
		length := strings.IndexByte(text[start:], '}')
		if length < 0 {
			return done, errors.New("${ without its }; write $${ for the characters themselves")
		}
		replacement, err := o.replace(text[start+2:start+length], &done)
		if err != nil {
			return done, err
		}
		out.WriteString(text[:start] + replacement)
		text = text[start+length+1:]
	}
	done.text = out.String() + text
	return done, nil
}

// replace returns what stands for a reference, which is the text between ${ and }.
func (o outside) replace(reference string, done *expansion) (string, error) {
	if path, isFile := strings.CutPrefix(reference, "file:"); isFile {
		done.sources = append(done.sources, "${file:"+printable(path)+"}")
		return o.secretFile(path)
	}
	name, preset, hasPreset := strings.Cut(reference, ":")
	if !variableName.MatchString(name) || strings.Contains(preset, "${") {
		return "", errors.New("a reference that is none of ${VAR}, ${VAR:default} and ${file:/path}; " +
			"write $${ for the characters ${ themselves")
	}
	name = printable(name)
	done.sources = append(done.sources, "${"+name+"}")
	if text, found := o.variable(name); found {
		if !utf8.ValidString(text) {
			return "", fmt.Errorf("the variable %s is not UTF-8", name)
		}
		return text, nil
	}
	if !hasPreset {
		return "", fmt.Errorf("the variable %s is not set; set it, or give a default: ${%s:default}", name, name)
	}
	if strings.HasPrefix(preset, "-") {
		done.dashed = append(done.dashed, name)
	}
	return preset, nil
}

// secretFile returns a file's text without its last line break.
func (o outside) secretFile(path string) (string, error) {
	text, err := o.read(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read the file %s: %w", printable(path), err)
	case !utf8.ValidString(text):
		return "", fmt.Errorf("the file %s is not UTF-8", printable(path))
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("the file %s is empty", printable(path))
	}
	return text, nil
}

// readSecretFile reads a file of at most mostFile bytes. Its errors do not name the file.
func readSecretFile(path string) (string, error) {
	data, err := readFile(path, mostFile)
	return string(data), err
}

// readPEMFile does the same for a file of certificates.
func readPEMFile(path string) ([]byte, error) { return readFile(path, mostPEM) }

// readFile reads a file of at most so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, withoutName(err)
	}
	if int64(len(data)) > most {
		return nil, errors.New("it is larger than " + formatSize(most))
	}
	return data, nil
}

// openRegular opens a file that is neither a folder nor a pipe, on which opening could wait for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutName(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	file, err := os.Open(path)
	return file, withoutName(err)
}

// withoutName takes the path out of an error: it may have come from a variable.
func withoutName(err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}
