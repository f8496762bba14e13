package process

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const stat = "4242 (a ) (name) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 9 0 100 200 300"
	const status = "Name:\ta ) (name\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t9\n"
	usage, err := parse([]byte(stat), []byte(status))
	if want := (Usage{CPU: 1750 * time.Millisecond, Resident: 1 << 20, Peak: 2 << 20}); err != nil || usage != want {
		t.Errorf("%+v, %v; want %+v", usage, err, want)
	}
	for _, bad := range [][2]string{
		{"", status},
		{"4242 (a) S 1", status},
		{stat, "Name: a\n"},
		{stat, "VmHWM: much kB\n"},
		{"1 (a) S 1 4242 4242 0 -1 4194560 1 2 3 4 x 25 7", status},
	} {
		if _, err := parse([]byte(bad[0]), []byte(bad[1])); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestObserve(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc")
	}
	before, err := Observe(os.Getpid())
	if err != nil || before.Peak < before.Resident || before.Resident < 1<<20 {
		t.Fatalf("%+v, %v", before, err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for after := before; after.CPU <= before.CPU; { // asking is work enough
		if after, err = Observe(os.Getpid()); err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v after %+v, %v", after, before, err)
		}
	}
	if _, err := Observe(1 << 30); !errors.Is(err, ErrUnavailable) {
		t.Errorf("no process: %v", err)
	}
}
