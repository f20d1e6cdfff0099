// Command bench runs the benchmarks: every scenario with every system in it, each program a process of its own.
//
//	bench --quick            a few cases, three minutes at most; prints a table and writes bench/out/quick.json
//	bench                    all scenarios, three repeats in shuffled order; writes bench/results/<date>-<machine>/
//	bench --only ingest      one scenario
//
// `make bench-quick` and `make bench` build the programs first.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
	"tickgate/bench/scenario"
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
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.programs, "programs", "bin", "`folder` of gateway, feedsim, nats-server and peers")
	flags.StringVar(&o.out, "out", filepath.Join("bench", "out"), "`folder` of logs, and of the quick run's figures")
	flags.StringVar(&o.results, "results", filepath.Join("bench", "results"), "`folder` that a folder with the results is made in")
	flags.BoolVar(&o.quick, "quick", false, "a few cases once, to see whether something has changed")
	flags.StringVar(&o.only, "only", "", "`names` of scenarios, separated by commas; empty: all")
	flags.IntVar(&o.repeats, "repeats", 3, "how `often` each job runs")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "`number` from which the order of jobs follows")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.bench(ctx, out, args); err != nil {
		fmt.Fprintf(errs, "bench: %v\n", err)
		return 1
	}
	return 0
}

func (o *options) bench(ctx context.Context, out io.Writer, args []string) error {
	scenarios, err := o.scenarios()
	if err != nil {
		return err
	}
	begun := time.Now()
	results := o.runAll(ctx, scenarios, out)
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %s; nothing was written", time.Since(begun).Round(time.Second))
	}
	described := describe(scenarios, results)
	if err := report.Print(out, results, described); err != nil {
		return err
	}
	meta := report.NewMeta("bench "+strings.Join(args, " "), begun, time.Since(begun))
	if o.quick {
		return report.WriteJSON(filepath.Join(o.out, "quick.json"), meta, results)
	}
	folder := filepath.Join(o.results, meta.Folder())
	if err := report.Write(folder, meta, results, described); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nResults are in %s\n", folder)
	return nil
}

// scenarios returns what is to run.
func (o *options) scenarios() ([]scenario.Scenario, error) {
	if o.quick {
		o.repeats = 1
		return scenario.Quick(o.out)
	}
	all, err := scenario.All(o.out)
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

// runAll runs every job as often as is asked for, in another order each time.
func (o *options) runAll(ctx context.Context, scenarios []scenario.Scenario, out io.Writer) (results []figure.Result) {
	var jobs []scenario.Job
	for _, s := range scenarios {
		jobs = append(jobs, s.Jobs...)
	}
	progress := newProgress(out, jobs, o.repeats)
	runner := scenario.NewRunner(o.programs, filepath.Join(o.out, "logs"))
	order := rand.New(rand.NewPCG(o.seed, 0))
	for repeat := 1; repeat <= o.repeats; repeat++ {
		for _, job := range scenario.Shuffled(jobs, order) {
			progress.begin(job)
			for _, result := range job.Run(ctx, runner) {
				result.Repeat = repeat
				progress.tell(&result)
				results = append(results, result)
			}
			progress.end(job)
			if ctx.Err() != nil {
				return results
			}
		}
	}
	progress.finish()
	return results
}

// describe returns what the report says of each scenario.
func describe(scenarios []scenario.Scenario, results []figure.Result) (described []report.Scenario) {
	cells := report.Group(results)
	for _, s := range scenarios {
		var own []report.Cell
		for _, c := range cells {
			if c.Scenario == s.Name {
				own = append(own, c)
			}
		}
		described = append(described, report.Scenario{Name: s.Name, Title: s.Title, Description: s.Description, Checks: s.Checks(own)})
	}
	return described
}
