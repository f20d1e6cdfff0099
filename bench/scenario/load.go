package scenario

import (
	"context"
	"fmt"
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
	Interval time.Duration // of conflation; 0: none
	Steps    []Step        // a window is measured at each

	Connections int    // 0: one per stream
	Symbols     string // that streams take, as the load generator reads them
	PerStream   int

	Generators  int           // load generators that share the streams; 0: one
	GatewayArgs []string      // settings of the gateway beside gatewayArgs
	Slot        time.Duration // of the floor: due times are rounded down to it; 0: they are spread evenly

	Freshness   time.Duration
	Staleness   bool
	Spread      bool
	Follow      int // latency is that of one event in so many; 0: of each
	SlowPercent int
	SlowPause   time.Duration
	HungPercent int
	MayCut      bool // a server that ends slow streams does not fail the run

	Fill   time.Duration // from the feed's start until the memory at rest is read: what a server keeps for symbols is not the streams'
	Settle time.Duration // at least, from the last stream's first values to the window; longer while the feed is late
}

// Step is one window of a load.
type Step struct {
	Streams int
	From    uint64 // the event of the first symbol with which the window begins; 0: whenever the load has settled
	Window  time.Duration
}

// once is the only step of a load.
func once(streams int, window time.Duration) []Step {
	return []Step{{Streams: streams, Window: window}}
}

// most returns the streams of the last step.
func (l *Load) most() int { return l.Steps[len(l.Steps)-1].Streams }

func (l *Load) generators() int { return max(1, l.Generators) }

// measuresDelay says that the load's figure is how late batches are. Where a market may be quiet nothing new may have been there to be sent, and staleness is the figure.
func (l *Load) measuresDelay() bool {
	return l.Interval > 0 && l.Kind.batchesIntervals() && !l.Feed.isRecorded() && !l.Staleness
}

func (l *Load) hasBadReaders() bool { return l.SlowPercent+l.HungPercent > 0 }

// Name says what runs.
func (l *Load) Name() string {
	return fmt.Sprintf("%s, %s: %s", l.Scenario, l.caseOf(l.most()), l.System)
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
	total := startEstimate + l.Fill + time.Duration(l.most())*openEstimatePerStream + 2*l.Interval // to answer what was due, and to bring the last values
	for _, step := range l.Steps {
		total += l.Settle + step.Window
		if step.From == 0 && l.Kind != Floor {
			total += settleLook // the second time that the feed is on time
		}
	}
	return total
}

// Run starts everything, measures each step, stops the feed and compares the final values.
func (l *Load) Run(ctx context.Context, r *Runner) []figure.Result {
	results, err := r.runLoad(ctx, l)
	if err == nil {
		return results
	}
	for _, step := range l.Steps[len(results):] {
		results = append(results, l.newResult(step.Streams))
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

// generatorArgs returns what a load generator is told, the first or another of those that share the work.
func (l *Load) generatorArgs(generator int, address, natsURL string) []string {
	streams, connections := l.most()/l.generators(), l.connections(l.most())/l.generators()
	args := []string{
		"load", string(l.Kind), "--address", address, "--symbols", l.Symbols, "--per-stream", strconv.Itoa(l.PerStream),
		"--first", strconv.Itoa(generator * streams), "--streams", strconv.Itoa(streams), "--connections", strconv.Itoa(connections),
		"--interval", l.Interval.String(), fmt.Sprintf("--delay=%t", l.measuresDelay()), "--freshness", l.Freshness.String(),
		"--slow-percent", strconv.Itoa(l.SlowPercent), "--slow-pause", l.SlowPause.String(),
		"--hung-percent", strconv.Itoa(l.HungPercent), fmt.Sprintf("--may-cut=%t", l.MayCut),
		fmt.Sprintf("--staleness=%t", l.Staleness), fmt.Sprintf("--spread=%t", l.Spread), "--follow", strconv.Itoa(l.Follow),
	}
	if l.Kind != Floor {
		args = append(args, "--nats-url", natsURL)
	}
	return args
}
