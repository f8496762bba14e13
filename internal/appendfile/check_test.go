package appendfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheck(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.ndjson")
	if err := Check(path); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("Check left %v, %v", entries, err)
	}
	if err := os.WriteFile(path, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "a\n" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	for _, wrong := range []string{folder, filepath.Join(path, "below"), "/nowhere/a.ndjson"} {
		if Check(wrong) == nil {
			t.Errorf("Check of %s succeeded", wrong)
		}
	}
}
