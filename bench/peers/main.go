// Command peers runs what the benchmarks compare the gateway with, and the load generators of all systems.
//
//	peers serve SYSTEM --listen HOST:PORT --nats-url URL    a server; prints "listening HOST:PORT" and ends with its input
//	peers load SYSTEM [flags]                               a load generator, commanded on its standard input; see package load
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"tickgate/bench/load"
	"tickgate/bench/load/grpcload"
	"tickgate/bench/peers/centrifuge"
	"tickgate/bench/peers/floor"
	"tickgate/bench/peers/longpoll"
	"tickgate/bench/peers/naive"
	"tickgate/bench/peers/natsdirect"
	"tickgate/bench/peers/peer"
)

// system is one of those compared.
type system struct {
	serve  peer.ServeFunc // nil: it is no server of ours
	driver func(*load.Plan, *load.Dialer) (load.Driver, error)
}

func systems() map[string]system {
	return map[string]system{
		"tickgate":   {driver: grpcload.New},
		"floor":      {serve: floor.Serve, driver: floor.NewDriver},
		"naive":      {serve: naive.Serve, driver: grpcload.New},
		"longpoll":   {serve: longpoll.Serve, driver: longpoll.New},
		"centrifuge": {serve: centrifuge.Serve, driver: centrifuge.New},
		"nats":       {driver: natsdirect.New}, // nats-server is the server
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errors io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintln(errors, "usage: peers serve|load SYSTEM [flags]")
		return 2
	}
	known, ok := systems()[args[1]]
	if !ok {
		fmt.Fprintf(errors, "peers: there is no system %q\n", args[1])
		return 2
	}
	var err error
	switch {
	case args[0] == "serve" && known.serve != nil:
		err = serve(known, args, in, out)
	case args[0] == "load":
		err = generate(known, args, in, out)
	default:
		err = fmt.Errorf("cannot %s %s", args[0], args[1])
	}
	if err != nil {
		fmt.Fprintf(errors, "peers %s: %v\n", strings.Join(args[:2], " "), err)
		return 1
	}
	return 0
}

func serve(s system, args []string, in io.Reader, out io.Writer) error {
	var c peer.Config
	flags := flag.NewFlagSet("peers serve "+args[1], flag.ContinueOnError)
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:0", "`host:port` to listen on")
	flags.StringVar(&c.NATSURL, "nats-url", "", "`URL` of the bus")
	flags.DurationVar(&c.Interval, "interval", 0, "conflation `interval` of the server; 0: none")
	flags.IntVar(&c.Bytes, "bytes", 0, "`bytes` of a made-up message")
	flags.DurationVar(&c.Slot, "slot", 0, "`time` that made-up due times are rounded down to; 0: they are spread evenly")
	flags.IntVar(&c.Streams, "streams", 0, "`streams` to expect")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, end := context.WithCancel(ctx)
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, in)
		end()
	}()
	return s.serve(ctx, c, func(address string) { fmt.Fprintf(out, "listening %s\n", address) })
}

func generate(s system, args []string, in io.Reader, out io.Writer) error {
	var plan load.Plan
	flags := flag.NewFlagSet("peers load "+args[1], flag.ContinueOnError)
	complete := plan.Flags(flags)
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	if err := complete(); err != nil {
		return err
	}
	return load.Serve(&plan, s.driver, in, out)
}
