// Command bare is the yardstick that servers are measured against: see package bare.
//
//	bare -listen 127.0.0.1:5044 -inflate klauspost
//
// It prints its address once it listens, and ends by a signal.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/logboom/logboom/internal/bench/bare"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:5044", "`address` to listen on; port 0 is a free one")
	inflate := flag.String("inflate", "klauspost", "`what` inflates: klauspost or own")
	flag.Parse()
	if err := run(*listen, *inflate); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(listen, inflate string) error {
	newInflater, known := bare.Inflaters[inflate]
	if !known {
		return fmt.Errorf("-inflate=%s: klauspost or own", inflate)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(listener.Addr())
	return bare.Serve(listener, newInflater)
}
