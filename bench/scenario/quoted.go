package scenario

import (
	"context"
	"time"

	"tickgate/bench/figure"
)

// quoted is a figure that others publish; it stands in the table, and nothing runs.
type quoted struct {
	Scenario, Case, System string
	Streams                int
	mean                   time.Duration // latency
	cores                  float64       // of processor time
}

// Name says what is quoted.
func (q quoted) Name() string { return q.Scenario + ", " + q.System }

// Estimate is nothing.
func (q quoted) Estimate() time.Duration { return 0 }

// Run returns the figure.
func (q quoted) Run(context.Context, *Runner) []figure.Result {
	return []figure.Result{{
		Scenario: q.Scenario, Case: q.Case, System: q.System, Streams: q.Streams, ServerCores: &q.cores,
		LatencyFrom: figure.FromEvent, Latency: &figure.Percentiles{Mean: float64(q.mean.Microseconds())},
		Notes: []figure.Note{{Notice: "quoted", Text: "quoted, not measured: of other, unnamed hardware and load"}},
	}}
}
