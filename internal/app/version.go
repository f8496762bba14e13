package app

import (
	"runtime"
	"runtime/debug"
)

// version is set by the linker for releases: -ldflags "-X github.com/logboom/logboom/internal/app.version=v1.2.3".
var version string

// Build says which build this is.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Version returns what is known of this build: the version the linker was given, else what Go recorded of the module and
// the repository.
func Version() Build {
	build := Build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			build.Revision = setting.Value
		case "vcs.modified":
			build.Modified = setting.Value == "true"
		}
	}
	if build.Version == "" {
		build.Version = info.Main.Version
	}
	if build.Version == "" || build.Version == "(devel)" {
		build.Version = "development"
	}
	return build
}
