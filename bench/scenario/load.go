package scenario

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickgate/bench/figure"
)

// Load is streams of one system with a feed behind it.
type Load struct {
	Scenario string
	Case     string        // {streams} stands for their number at a step
	System   string        // as it is shown
	Kind     Kind          // what it is
	Feed     Feed          // what is published
	Capture  bool          // a JetStream stream keeps what is published
	Interval time.Duration // of conflation; 0: none
	Steps    []int         // streams; a window is measured at each

	Connections int    // 0: one per stream
	Symbols     string // that streams take, as the load generator reads them
	PerStream   int

	Freshness   time.Duration
	Staleness   bool
	Spread      bool
	SlowPercent int
	SlowPause   time.Duration
	HungPercent int

	Fill   time.Duration // from the feed's start until the memory at rest is read: what a server keeps for symbols is not the streams'
	Settle time.Duration // from the last stream's first values to the window
	Window time.Duration
}

// Name says what runs.
func (l *Load) Name() string {
	return fmt.Sprintf("%s, %s: %s", l.Scenario, l.caseOf(slices.Max(l.Steps)), l.System)
}

func (l *Load) caseOf(streams int) string {
	return strings.ReplaceAll(l.Case, "{streams}", strconv.Itoa(streams))
}

// What opening and starting take on a machine of two cores, for the estimate.
const (
	startEstimate         = time.Second
	openEstimatePerStream = 150 * time.Microsecond
)

// Estimate is about how long it takes.
func (l *Load) Estimate() time.Duration {
	return startEstimate + l.Fill + time.Duration(slices.Max(l.Steps))*openEstimatePerStream +
		time.Duration(len(l.Steps))*(l.Settle+l.Window) + l.Interval
}

// Run starts everything, measures each step, stops the feed and compares the final values.
func (l *Load) Run(ctx context.Context, r *Runner) []figure.Result {
	results, err := r.runLoad(ctx, l)
	if err == nil {
		return results
	}
	for _, streams := range l.Steps[len(results):] {
		results = append(results, l.newResult(streams))
	}
	for i := range results { // values that were lost at the end may have been lost in any window
		results[i] = l.newResult(results[i].Streams)
		results[i].Errors = []string{err.Error()}
	}
	return results
}

// symbolCount returns how many symbols streams have among them.
func (l *Load) symbolCount() int {
	if count, _, isTemplate := strings.Cut(l.Symbols, ":"); isTemplate {
		n, _ := strconv.Atoi(count) // the load generator refuses what is no number
		return n
	}
	return strings.Count(l.Symbols, ",") + 1
}

func (l *Load) newResult(streams int) figure.Result {
	return figure.Result{Scenario: l.Scenario, Case: l.caseOf(streams), System: l.System, Streams: streams, Connections: l.connections(streams)}
}

func (l *Load) connections(streams int) int {
	if l.Connections == 0 {
		return streams
	}
	return min(streams, l.Connections)
}

// generatorArgs returns what a load generator is told.
func (l *Load) generatorArgs(address, natsURL string) []string {
	most := slices.Max(l.Steps)
	args := []string{
		"load", string(l.Kind), "--address", address, "--symbols", l.Symbols, "--per-stream", strconv.Itoa(l.PerStream),
		"--streams", strconv.Itoa(most), "--connections", strconv.Itoa(l.connections(most)), "--interval", l.Interval.String(),
		"--freshness", l.Freshness.String(), "--slow-percent", strconv.Itoa(l.SlowPercent), "--slow-pause", l.SlowPause.String(),
		"--hung-percent", strconv.Itoa(l.HungPercent), fmt.Sprintf("--staleness=%t", l.Staleness), fmt.Sprintf("--spread=%t", l.Spread),
	}
	if l.Kind != Floor {
		args = append(args, "--nats-url", natsURL)
	}
	return args
}
