package app

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Each reason why a port cannot be bound has its own remedy, and none is guessed.
func TestExplainListen(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.EADDRINUSE:    "another program may use this port",
		syscall.EACCES:        "ports below 1024 need a privilege",
		syscall.EADDRNOTAVAIL: "this machine has no such address",
		syscall.EMFILE:        "",
	} {
		bind := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", cause)}
		err := explainListen("http.listen", bind)
		prefix := "http.listen: " + bind.Error()
		text, found := strings.CutPrefix(err.Error(), prefix)
		if !found || !errors.Is(err, cause) || !strings.HasPrefix(strings.TrimPrefix(text, "; "), want) || want == "" && text != "" {
			t.Errorf("got %q, want %q", err, prefix+"; "+want)
		}
	}
}
