package scenario

import (
	"context"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// Scenario is one question that is put to several systems.
type Scenario struct {
	Name        string // such as "fifty-thousand-streams"
	Title       string
	Description string
	Jobs        []Job
	Checks      func(cells []report.Cell) []report.Check
}

// Job is one system under one load.
type Job interface {
	// Name says what runs, for the progress line.
	Name() string
	// Estimate is about how long it takes.
	Estimate() time.Duration
	// Run runs it, and returns soon after the context ends. What goes wrong is in the results. A [Runner] calls it.
	Run(ctx context.Context, r *Runner) []figure.Result
}
