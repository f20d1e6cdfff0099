// Command feedsim is a market-data feed without a venue: it publishes made-up or recorded quotes and trades to NATS.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"tickgate/internal/settings"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	p := program{environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// program is what a run of feedsim sees of the world.
type program struct {
	environ        []string
	stdout, stderr io.Writer
}

// command is one way to use the program.
type command struct {
	name    string
	summary string
	run     func(p program, ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"generate", "publish a made-up market, the same for the same seed", program.generate},
		{"replay", "publish recorded quotes and trades at their pace", program.replay},
		{"control", "steer one that runs: pause, resume, speed, seek, rate, fault, status", program.control},
		{"record", "write what the bus carries to files that replay reads", program.record},
	}
}

// usageError marks what the user got wrong on the command line or in the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func (p program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.usage(p.stderr)
		return exitUsage
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return p.exitCode(c.run(p, ctx, args[1:]))
		}
	}
	switch args[0] {
	case "help", "-h", "--help":
		p.usage(p.stdout)
		return exitOK
	}
	fmt.Fprintf(p.stderr, "feedsim: there is no command %q\n", args[0])
	p.usage(p.stderr)
	return exitUsage
}

func (p program) usage(out io.Writer) {
	fmt.Fprint(out, "Usage: feedsim COMMAND [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "\nfeedsim COMMAND --help lists its flags.\n")
}

func (p program) exitCode(err error) int {
	if err == nil || errors.Is(err, settings.ErrHelp) || errors.Is(err, settings.ErrPrinted) {
		return exitOK
	}
	fmt.Fprintln(p.stderr, "feedsim:", err)
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}
