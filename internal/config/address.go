package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// listenSetting is an address to listen on; port 0 takes a free one.
func listenSetting(target *string, example string) single[string] {
	return textSetting(target, "an address such as "+example, func(text string) error {
		host, port, err := net.SplitHostPort(text)
		if err == nil && isHost(host) && isPort(port) {
			return nil
		}
		wrong := &misfit{}
		if isPort(text) {
			wrong.meant = ":" + text
		}
		return wrong
	})
}

// CheckListen judges an address to listen on that stands in no file, as a setting of the file is judged. Its error follows
// the address, and does not repeat it.
func CheckListen(address string) error {
	setting := listenSetting(new(string), ":5044 or 127.0.0.1:5044")
	_, err := setting.parse(address)
	var wrong *misfit
	if !errors.As(err, &wrong) {
		return err
	}
	if wrong.meant != "" {
		return fmt.Errorf("is not %s; did you mean %s?", setting.what, wrong.meant)
	}
	return errors.New("is not " + setting.what)
}

// brokerSetting is a host and a port.
func brokerSetting(target *string) single[string] {
	return textSetting(target, "a host and port such as kafka:9092", func(text string) error {
		host, port, err := net.SplitHostPort(text)
		if err == nil && host != "" && isHost(host) && isPort(port) && port != "0" {
			return nil
		}
		wrong := &misfit{}
		if isHost(text) {
			wrong.meant = text + ":9092"
		}
		return wrong
	})
}

// isHost tells whether a text can be a host name or an IP address; none at all is one.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("/\\@:?#[]\"'`<>{}|^,;", r)
	})
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// urlSetting is the URL of a server. User names and passwords have settings of their own, so that no URL is a secret.
func urlSetting(target *string, example string) single[string] {
	return textSetting(target, "a URL such as "+example, isURL, func(text string) error {
		if address, err := url.Parse(text); err != nil || address.RawQuery != "" || address.Fragment != "" {
			return errors.New("has something behind its path; give the URL up to there")
		}
		return nil
	})
}

// isURL checks for an http or https URL without a user. It does not repeat the URL, which url.Parse's error would.
func isURL(text string) error {
	address, err := url.Parse(text)
	switch {
	case err == nil && address.User != nil:
		return errors.New("holds a user name or a password; they have settings of their own")
	case err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "":
		return &misfit{}
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' }):
		return &misfit{}
	}
	return nil
}

// isLoopback tells whether an address to listen on is reached from this machine alone.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// SamePort tells whether two addresses cannot both be listened on.
func SamePort(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || isWildcard(hostA) || isWildcard(hostB)
}

func isWildcard(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "" || err == nil && address.IsUnspecified()
}
