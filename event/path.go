package event

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxSegments is the largest number of segments in a field path. It bounds the recursion of [Selector.Scan].
const MaxSegments = 32

// ErrPath is wrapped by every error about a field path that cannot be understood.
var ErrPath = errors.New("malformed field path")

// parsePath splits a field path into its segments. Both spellings, "host.name" and "[host][name]", give the same
// segments; a dot inside brackets separates as well, since a dotted key and nested objects are one field.
func parsePath(path string) ([]string, error) {
	if path == "" {
		return nil, fmt.Errorf("%w: it is empty", ErrPath)
	}
	// Decoding turns bad bytes into U+FFFD, so a key with that character in it would match more than it says.
	if !utf8.ValidString(path) || strings.ContainsRune(path, utf8.RuneError) {
		return nil, fmt.Errorf("%w %q: it is not valid UTF-8", ErrPath, path)
	}
	dotted, err := dottedPath(path)
	if err != nil {
		return nil, err
	}
	segments := strings.Split(dotted, ".")
	for _, segment := range segments {
		if segment == "" {
			return nil, fmt.Errorf("%w %q: a name between two separators is empty", ErrPath, path)
		}
	}
	if len(segments) > MaxSegments {
		return nil, fmt.Errorf("%w %q: %d segments, at most %d are possible", ErrPath, path, len(segments), MaxSegments)
	}
	return segments, nil
}

// dottedPath rewrites Logstash's field reference "[host][name]" as "host.name"; the dotted form stays as it is.
func dottedPath(path string) (string, error) {
	if path[0] != '[' {
		if strings.ContainsAny(path, "[]") {
			return "", fmt.Errorf("%w %q: write a.b or [a][b], not a mixture", ErrPath, path)
		}
		return path, nil
	}
	if path[len(path)-1] != ']' {
		return "", fmt.Errorf("%w %q: the last bracket is not closed", ErrPath, path)
	}
	names := strings.Split(path[1:len(path)-1], "][")
	for _, name := range names {
		if strings.ContainsAny(name, "[]") {
			return "", fmt.Errorf("%w %q: brackets do not match", ErrPath, path)
		}
	}
	return strings.Join(names, "."), nil
}
