package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One file under two names is one file.
func TestFilesBehindLinksAreTheSame(t *testing.T) {
	folder := t.TempDir()
	for link, to := range map[string]string{"here": ".", "link.ndjson": "there.ndjson"} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "there.ndjson"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for other, same := range map[string]bool{"here/new.ndjson": true, "link.ndjson": false, "./new.ndjson": true, "old.ndjson": false} {
		text := "outputs:\n  a: {type: file, path: " + filepath.Join(folder, "new.ndjson") + "}\n  b: {type: file, path: " + folder + "/" + other + "}\n" +
			"  c: {type: file, path: " + folder + "/there.ndjson}\n"
		_, err := Parse("logboom.yml", []byte(text), func(string) (string, bool) { return "", false })
		if got := err != nil && strings.Contains(err.Error(), "outputs.b.path: the same file as outputs.a.path"); got != same {
			t.Errorf("%s: %v", other, err)
		}
		if linked := err != nil && strings.Contains(err.Error(), "outputs.c.path: the same file as outputs.b.path"); linked != (other == "link.ndjson") {
			t.Errorf("%s: %v", other, err)
		}
	}
}
