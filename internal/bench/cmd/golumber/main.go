// Command golumber is go-lumber's server for Lumberjack version 2, to be measured beside others: events are decoded as it does by
// default, acknowledged and dropped.
//
//	golumber -listen 127.0.0.1:5044 -json=false
//
// It prints its address once it listens, and ends by a signal.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	server "github.com/elastic/go-lumber/server/v2"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:5044", "`address` to listen on; port 0 is a free one")
	decode := flag.Bool("json", true, "decode events; otherwise they are not looked at")
	flag.Parse()
	if err := run(*listen, *decode); err != nil {
		fmt.Fprintln(os.Stderr, "golumber:", err)
		os.Exit(1)
	}
}

func run(listen string, decode bool) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	options := []server.Option{server.MaxWindowSize(0)}
	if !decode {
		options = append(options, server.JSONDecoder(func([]byte, any) error { return nil }))
	}
	s, err := server.NewWithListener(listener, options...)
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	fmt.Println(listener.Addr())
	for batch := range s.ReceiveChan() {
		batch.ACK()
	}
	return nil
}
