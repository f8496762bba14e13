package compare

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrNoMarkers says that a document has no place for tables.
var ErrNoMarkers = errors.New("no markers")

// CheckMarkers fails as Insert would, before anything is measured for it.
func CheckMarkers(document, name string) error {
	content, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	if _, err := between(string(content), name, ""); err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return nil
}

// Insert puts text into a document in the place of what stands between the lines <!-- name:begin --> and <!-- name:end -->. It
// fails with ErrNoMarkers where they are not, and leaves the document as it was.
func Insert(document, name, text string) error {
	content, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	replaced, err := between(string(content), name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	if err := os.WriteFile(document, []byte(replaced), 0o644); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

func between(content, name, text string) (string, error) {
	opening, closing := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
	before, rest, found := strings.Cut(content, opening)
	if !found {
		return "", fmt.Errorf("%w: %q is missing", ErrNoMarkers, strings.TrimSpace(opening))
	}
	_, after, found := strings.Cut(rest, closing)
	if !found {
		return "", fmt.Errorf("%w: %q is missing behind %q", ErrNoMarkers, closing, strings.TrimSpace(opening))
	}
	return before + opening + strings.TrimRight(text, "\n") + "\n" + closing + after, nil
}
