// Command bench runs the benchmarks: every scenario with every system in it, each program a process of its own.
//
//	bench --quick            a few cases, three minutes at most; prints a table and writes bench/out/quick.json
//	bench                    all scenarios, three repeats in shuffled order, of which the last are left out when 40 minutes are over; writes bench/results/<date>-<machine>/
//	bench --only ingest      one scenario; writes bench/out/partial/, as every run does that is not all of the benchmark
//
// `make bench-quick` and `make bench` build the programs first. Ctrl-C stops what runs and writes what was finished; a second one ends at once.
//
// The exit code is 0 if every run of Tickgate has a figure and every check holds, 1 if not, 2 if the command line is wrong, and 3 if the benchmark did not come
// to its end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tickgate/bench/report"
	"tickgate/bench/scenario"
)

// Exit codes.
const (
	exitGood = iota
	exitBad
	exitUsage
	exitStopped
)

// options are the flags.
type options struct {
	programs string // folder of the binaries
	out      string // folder of logs and of what is not kept
	results  string // folder of what is kept
	quick    bool
	only     string
	repeats  int
	seed     uint64
	limit    time.Duration // 0: as long as the benchmark may take at most
	time     time.Duration // that it is to take: then the last runs of jobs are left out; 0: however long it takes
}

// What all of the benchmark is, how long it is to take, and may take before something is wrong. The quick one promises three minutes.
const (
	wholeRepeats = 3
	wholeTime    = 40 * time.Minute
	quickLimit   = 5 * time.Minute
	wholeLimit   = time.Hour
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once, and the kernel what it has started
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	if err != nil {
		return exitUsage
	}
	scenarios, err := o.scenarios()
	if err != nil {
		fmt.Fprintf(errs, "bench: %v\n", err)
		return exitUsage
	}
	b := &benchmark{options: o, command: strings.TrimSpace("bench " + strings.Join(args, " ")), scenarios: scenarios, out: out}
	switch err := b.run(ctx); {
	case errors.Is(err, errStopped):
		fmt.Fprintf(errs, "bench: %v\n", err)
		return exitStopped
	case err != nil:
		fmt.Fprintf(errs, "bench: %v\n", err)
		return exitBad
	}
	return exitGood
}

func parse(args []string, errs io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.programs, "programs", "bin", "`folder` of gateway, feedsim, nats-server and peers")
	flags.StringVar(&o.out, "out", filepath.Join("bench", "out"), "`folder` of logs, and of the figures of what is not all of the benchmark")
	flags.StringVar(&o.results, "results", filepath.Join("bench", "results"), "`folder` that a folder with the results of all of it is made in")
	flags.BoolVar(&o.quick, "quick", false, "a few cases once, to see whether something has changed")
	flags.StringVar(&o.only, "only", "", "`names` of scenarios, separated by commas; empty: all")
	flags.IntVar(&o.repeats, "repeats", wholeRepeats, "how `often` each job runs")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "`number` from which the order of jobs follows")
	flags.DurationVar(&o.limit, "limit", 0, "`time` after which the benchmark is stopped; 0: 5m if quick, else 1h")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.repeats < 1 || o.limit < 0 {
		err := fmt.Errorf("bench: arguments %q, repeats %d, limit %s: give flags alone, repeats of at least 1, a limit of at least 0", flags.Args(), o.repeats, o.limit)
		fmt.Fprintln(errs, err)
		return o, err
	}
	if o.quick {
		o.repeats = 1
	}
	if o.limit == 0 {
		o.limit = wholeLimit
		if o.quick {
			o.limit = quickLimit
		}
	}
	if !o.quick && o.partial() == "" {
		o.time = wholeTime
	}
	return o, nil
}

// scenarios returns what is to run.
func (o *options) scenarios() ([]scenario.Scenario, error) {
	every := scenario.All
	if o.quick {
		every = scenario.Quick
	}
	all, err := every(o.out)
	if err != nil || o.only == "" {
		return all, err
	}
	var chosen []scenario.Scenario
	for _, name := range strings.Split(o.only, ",") {
		found := false
		for _, s := range all {
			if s.Name == name {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no scenario %q; there are %s", name, names(all))
		}
	}
	return chosen, nil
}

func names(scenarios []scenario.Scenario) string {
	var all []string
	for _, s := range scenarios {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}

// partial says why these options do not make all of the benchmark; empty: they do.
func (o *options) partial() string {
	switch {
	case o.quick:
		return "the quick one"
	case o.only != "":
		return "only " + o.only
	case o.repeats < wholeRepeats:
		return fmt.Sprintf("%d runs of each job in place of %d", o.repeats, wholeRepeats)
	}
	return ""
}

// folder is where the results of such a benchmark are written.
func (o *options) folder(meta *report.Meta) string {
	if meta.Partial != "" {
		return filepath.Join(o.out, "partial")
	}
	return filepath.Join(o.results, meta.Folder())
}
