//go:build integration

package chaos

import (
	"path/filepath"
	"testing"
	"time"
)

// A short run among the receivers of this process, with a disk that is full by injected ENOSPC: the way for those who may not
// mount one, which make chaos does not go as root.
func TestRunWithInjectedFullDisk(t *testing.T) {
	report, err := Run(t.Context(), Options{
		Duration: 12 * time.Second, Seed: 4, Kills: 4, Agents: 2, Rate: 200, Inject: true,
		Without: []string{elasticsearchName, kafkaName},
		Folder:  filepath.Join(t.TempDir(), "run"), Progress: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Write(t.Output()); err != nil {
		t.Error(err)
	}
	for _, violation := range report.Violations() {
		t.Error(violation)
	}
	if report.Faults[FaultKind{Lane: diskLane}].Met == 0 || report.Kills == 0 {
		t.Errorf("%d kills, faults %v", report.Kills, report.Faults)
	}
}
