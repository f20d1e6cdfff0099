// Command gateway serves conflated market data from NATS over gRPC.
//
//	gateway --demo                       one process: embedded NATS, a demo feed, everything on loopback
//	gateway --nats-url nats://bus:4222   joins an existing NATS server or cluster
//	gateway --help                       every setting, with its default
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"tickgate/internal/gateway"
	"tickgate/internal/settings"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not start, or a part of it failed
	exitUsage  = 2 // the settings are wrong
)

// gcPercent is how much the heap may grow between two collections. Streams are much memory that stays and little that comes and goes: the usual 100 % would nearly double
// it and save 2 % of the processor time of 50,000 streams. The environment's GOGC wins.
const gcPercent = 30

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the whole program. The first SIGINT or SIGTERM drains, the second one ends the drain.
func run(args, environ []string, out, errs io.Writer) int {
	config := gateway.DefaultConfig()
	level := slog.LevelInfo
	switch err := load(&config, &level, args, environ, out); {
	case errors.Is(err, settings.ErrHelp), errors.Is(err, settings.ErrPrinted):
		return exitOK
	case err != nil:
		fmt.Fprintln(errs, err)
		return exitUsage
	}
	if !slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") }) {
		debug.SetGCPercent(gcPercent)
	}
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
	g, err := gateway.Start(config, log)
	if err != nil {
		fmt.Fprintln(errs, err)
		return exitFailed
	}
	ctx, abort, release := signals()
	defer release()
	printAddresses(out, g.Addresses(), config)
	if err := g.Run(ctx, abort); err != nil {
		fmt.Fprintln(errs, err)
		return exitFailed
	}
	return exitOK
}

// signals returns a context that the first signal ends, and one that the second ends.
func signals() (first, second context.Context, release func()) {
	first, endFirst := context.WithCancel(context.Background())
	second, endSecond := context.WithCancel(context.Background())
	received := make(chan os.Signal, 2) // one for each signal that means something
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for _, end := range []context.CancelFunc{endFirst, endSecond} {
			select {
			case <-received:
				end()
			case <-done:
				return
			}
		}
	}()
	return first, second, func() {
		signal.Stop(received)
		close(done)
		<-watching
		endFirst()
		endSecond()
	}
}

// printAddresses says where everything listens and what to paste.
func printAddresses(out io.Writer, a gateway.Addresses, config gateway.Config) {
	fmt.Fprintf(out, "Tickgate\n  gRPC   %s\n  web    http://%s/\n  admin  http://%s/metrics\n  NATS   %s\n", a.GRPC, a.Web, a.Admin, a.NATS)
	if config.Demo {
		fmt.Fprintf(out, "\nA recorded minute of six Binance instruments is played in a loop. See live quotes:\n\n  %s\n\nSteer it:\n\n  feedsim control --nats-url %s speed 4\n", a.Grpcurl(), a.NATS)
	}
	fmt.Fprintf(out, "\nCtrl-C stops.\n\n")
}
