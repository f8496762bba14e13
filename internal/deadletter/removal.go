package deadletter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// removalName is the file that says what was removed because the store was full.
const removalName = "removed.json"

// Removal is what was removed because the store was full.
type Removal struct {
	// Letters counts those that were neither replayed nor dropped before.
	Letters uint64 `json:"letters"`
	// First and Last are when that happened.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// readRemoval returns what was noted. A file that is not there, or damaged, says nothing.
func readRemoval(folder string) (removal Removal) {
	encoded, err := os.ReadFile(filepath.Join(folder, removalName))
	if err != nil || json.Unmarshal(encoded, &removal) != nil {
		return Removal{}
	}
	return removal
}

// noteRemoval adds letters to what was noted.
func noteRemoval(folder string, letters uint64, now time.Time) error {
	removal := readRemoval(folder)
	removal.Letters += letters
	removal.Last = now.UTC()
	if removal.First.IsZero() {
		removal.First = removal.Last
	}
	encoded, err := json.Marshal(removal)
	if err != nil {
		return fmt.Errorf("encode what was removed: %w", err)
	}
	return replaceFile(filepath.Join(folder, removalName), append(encoded, '\n'))
}

// forgetRemoval removes the note.
func forgetRemoval(folder string) error {
	if err := os.Remove(filepath.Join(folder, removalName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
