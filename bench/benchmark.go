package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
	"tickgate/bench/scenario"
)

var (
	// errStopped says that the benchmark did not come to its end. What was finished is written.
	errStopped = errors.New("stopped")
	// errNotShown says that runs have no figure, or that checks do not hold. The summary says which.
	errNotShown = errors.New("not all was shown that was to be")
)

// benchmark is one at work.
type benchmark struct {
	// Immutable.
	options   options
	command   string
	scenarios []scenario.Scenario
	out       io.Writer

	// Owned by run.
	begun   time.Time
	results []figure.Result // of jobs that came to their end
	leftOut []string        // jobs whose last run there was no time for
}

// run runs all, prints and writes the results, and says what is wrong with them.
func (b *benchmark) run(ctx context.Context) error {
	b.begun = time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, b.options.limit, fmt.Errorf("the limit of %s has passed", b.options.limit))
	defer cancel()
	finished, all, err := b.runJobs(ctx)
	if err != nil {
		return err
	}
	stopped := ""
	if finished < all {
		stopped = fmt.Sprintf("after %d of %d jobs: %v", finished, all, context.Cause(ctx))
	}
	outcome, err := b.report(stopped)
	switch {
	case err != nil:
		return err
	case stopped != "":
		return fmt.Errorf("%w %s", errStopped, stopped)
	case !outcome.Good():
		return errNotShown
	}
	return nil
}

// runJobs runs every job as often as is asked for, in another order each time, until the context ends. A job that is interrupted has no result.
func (b *benchmark) runJobs(ctx context.Context) (finished, all int, err error) {
	var jobs []scenario.Job
	for _, s := range b.scenarios {
		jobs = append(jobs, s.Jobs...)
	}
	progress := newProgress(b.out, jobs, b.options.repeats)
	runner, err := scenario.NewRunner(b.options.programs, filepath.Join(b.options.out, "logs"))
	if err != nil {
		return 0, 0, err
	}
	order := rand.New(rand.NewPCG(b.options.seed, 0))
	defer progress.finish()
	for repeat := 1; repeat <= b.options.repeats; repeat++ {
		for _, job := range scenario.Shuffled(jobs, order) {
			if b.leavesOut(repeat, progress.expected(job)) {
				b.leftOut = append(b.leftOut, job.Name())
				progress.leaveOut(job)
				continue
			}
			progress.begin(job)
			results := runner.Run(ctx, job, repeat)
			if ctx.Err() != nil {
				return progress.done, progress.jobs, nil
			}
			progress.end(job, results)
			b.results = append(b.results, results...)
		}
	}
	return progress.done, progress.jobs, nil
}

// leavesOut reports whether there is no time for a job's last run: two make a range, and a machine that is slower than planned for is not to take longer.
func (b *benchmark) leavesOut(repeat int, expected time.Duration) bool {
	const least = 2 // runs of each
	return b.options.time > 0 && repeat > least && time.Since(b.begun)+expected > b.options.time
}

// report prints and writes what was measured. stopped says why that is not all; empty: it is.
func (b *benchmark) report(stopped string) (outcome report.Outcome, err error) {
	if len(b.results) == 0 {
		return outcome, nil
	}
	scenario.MarkUnequalLoads(b.results)
	described := b.describe(stopped)
	report.Print(b.out, b.results, described)
	outcome = report.Judge(b.results, described)
	outcome.Print(b.out)

	meta := report.NewMeta(b.options.programs, b.begun)
	meta.Command, meta.Seed, meta.Repeats, meta.LeftOut, meta.Partial = b.command, b.options.seed, b.options.repeats, b.leftOut, b.options.partial()
	if b.options.quick && stopped == "" {
		path := filepath.Join(b.options.out, "quick.json")
		fmt.Fprintf(b.out, "All figures are in %s.\n", path)
		return outcome, report.WriteJSON(path, meta, b.results)
	}
	if stopped != "" {
		meta.Partial = "stopped " + stopped
	}
	folder := b.options.folder(&meta)
	fmt.Fprintf(b.out, "All figures, with their ranges, are in %s.\n", folder)
	return outcome, report.Write(folder, meta, b.results, described)
}

// describe returns what the report says of each scenario. Checks are left out of a benchmark that was stopped: their runs may be missing.
func (b *benchmark) describe(stopped string) (described []report.Scenario) {
	cells := report.Group(b.results)
	for _, s := range b.scenarios {
		var own []report.Cell
		for _, c := range cells {
			if c.Scenario == s.Name {
				own = append(own, c)
			}
		}
		d := report.Scenario{Name: s.Name, Title: s.Title, Description: s.Description}
		if stopped == "" {
			d.Checks = s.Checks(own)
		}
		described = append(described, d)
	}
	return described
}
