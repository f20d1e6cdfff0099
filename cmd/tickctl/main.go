// Command tickctl shows what a Tickgate gateway serves, at a terminal or in a pipe.
//
//	tickctl watch BTCUSDT.BINANCE_SPOT        a live table; without a terminal, a JSON object per update
//	tickctl watch --all
//	tickctl replay BTCUSDT.BINANCE_SPOT --from -15m --speed 4
//	tickctl symbols 'BTC*'                    what the feed has announced
//	tickctl snapshot BTCUSDT.BINANCE_SPOT     last values, once
//	tickctl latency                           the gateway's latency, stage by stage
//	tickctl ping                              how long it takes to answer
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"tickgate/pkg/client"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the gateway could not be reached, or did not take what was asked
	exitUsage  = 2
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that has gone is an error of a write, which ends the program without a word
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// console is what a command has to do with a person.
type console struct {
	in       io.Reader
	out      io.Writer
	errs     io.Writer
	terminal bool // out is one
}

// options are the flags of all commands; each has those that it names.
type options struct {
	address   string
	timeout   time.Duration
	interval  time.Duration
	allEvents bool
	all       bool
	json      bool
	count     int
	replay    replayOptions
}

// command is one thing to do.
type command struct {
	usage string
	about string
	flags func(*options, *pflag.FlagSet)
	run   func(ctx context.Context, o *options, args []string, c console) error
}

func commands() map[string]command {
	return map[string]command{
		"watch":    {"watch SYMBOL… | --all", "a live table of quotes; JSON lines where there is no terminal", watchFlags, watch},
		"replay":   {"replay SYMBOL…", "play back what the gateway has recorded; JSON lines where there is no terminal", replayFlags, replay},
		"symbols":  {"symbols [PATTERN]", "list what the feed has announced; * and ? stand for what they usually do", jsonFlag, symbols},
		"snapshot": {"snapshot SYMBOL…", "print the last values once", jsonFlag, snapshot},
		"latency":  {"latency", "print the gateway's latency by stage", jsonFlag, latency},
		"ping":     {"ping", "measure how long the gateway takes to answer", countFlag, ping},
	}
}

// order is how help lists the commands.
var order = []string{"watch", "replay", "symbols", "snapshot", "latency", "ping"}

// errUsage says that the command line is wrong; the text says how.
var errUsage = errors.New("usage")

// run is the whole program.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		help(out)
		return exitOK
	}
	cmd, known := commands()[args[0]]
	if !known {
		fmt.Fprintf(errs, "tickctl: there is no command %q; `tickctl help` lists them\n", args[0])
		return exitUsage
	}
	o := &options{}
	flags := pflag.NewFlagSet("tickctl "+args[0], pflag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprintf(errs, "tickctl %s: %s\n\n%s", cmd.usage, cmd.about, flags.FlagUsages()) }
	flags.StringVar(&o.address, "address", envOr("TICKGATE_ADDRESS", "127.0.0.1:50051"), "`host:port` of the gateway, several separated by commas")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Second, "time to reach the gateway")
	cmd.flags(o, flags)
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return exitOK
		}
		fmt.Fprintf(errs, "tickctl %s: %v\n", args[0], err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exitCode(cmd.run(ctx, o, flags.Args(), console{in: in, out: out, errs: errs, terminal: isTerminal(out)}), errs)
}

func exitCode(err error, errs io.Writer) int {
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, context.Canceled):
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintf(errs, "tickctl: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(errs, "tickctl: %v\n", err)
	return exitFailed
}

func help(out io.Writer) {
	fmt.Fprintln(out, "tickctl shows what a Tickgate gateway serves.")
	fmt.Fprintln(out)
	all := commands()
	for _, name := range order {
		fmt.Fprintf(out, "  tickctl %-24s %s\n", all[name].usage, all[name].about)
	}
	fmt.Fprintln(out, "\nEvery command takes --address (or TICKGATE_ADDRESS) and --timeout; `tickctl COMMAND --help` tells the rest.")
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// connect reaches the gateway in time, or says that it cannot.
func (o *options) connect(ctx context.Context, opts ...client.Option) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	return client.Dial(ctx, o.address, append(opts, client.WithName("tickctl"))...)
}
