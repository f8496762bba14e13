package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain lets the test binary be logboom itself: where it is started under that name it runs main. So what is tested is
// the whole program, in a process of its own, built with the same flags as the tests (-race, -cover).
func TestMain(m *testing.M) {
	if _, set := os.LookupEnv("GORACE"); !set {
		// The race detector would have every process wait a second at its end.
		_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // the name and the value are good
	}
	testscript.Main(leakFree{m}, map[string]func(){"logboom": main})
}

// leakFree runs the tests and fails when a goroutine is left of them.
type leakFree struct{ tests *testing.M }

// Run implements testscript.TestingM.
func (l leakFree) Run() int {
	code := l.tests.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
