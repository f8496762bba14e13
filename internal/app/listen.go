package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/logboom/logboom/internal/config"
)

// CheckListen judges the address of a flag as that of a setting is judged. Its error does not repeat the address.
func CheckListen(address string) error { return config.CheckListen(address) }

// listen binds the port of a setting.
func listen(setting, address string) (net.Listener, error) {
	var listener net.ListenConfig
	bound, err := listener.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, explainListen(setting, err)
	}
	return bound, nil
}

// explainListen adds the remedy to an error of listening, where there is one.
func explainListen(setting string, err error) error {
	remedy := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = "; another program may use this port, choose another one there"
	case errors.Is(err, syscall.EACCES):
		remedy = "; ports below 1024 need a privilege (on Linux CAP_NET_BIND_SERVICE), choose a higher one there"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		remedy = "; this machine has no such address, choose one of its own or leave the host out"
	}
	return fmt.Errorf("%s: %w%s", setting, err, remedy)
}
