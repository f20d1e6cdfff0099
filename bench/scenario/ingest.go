package scenario

import (
	"context"
	"fmt"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/process"
	"tickgate/bench/report"
)

// Shape of scenario 4.
const (
	ingestSymbols     = 100
	ingestStreams     = 1_000
	ingestConnections = 10
)

// ingest runs the gateway on one processor with the feed at a given rate; a result is the rate that was taken in without loss.
type ingest struct {
	of        string
	feed      Feed
	perSecond int
	streams   int
	capture   bool
	window    time.Duration
}

const ingestName = "ingest"

// ingestion is scenario 4: how much one processor takes from NATS into rings.
func ingestion(window time.Duration) Scenario {
	s := Scenario{
		Name: ingestName, Title: "Ingest",
		Description: fmt.Sprintf("%d symbols, the gateway on one processor (GOMAXPROCS=1), feedsim and nats-server beside it. A rate counts if not one event was lost between feedsim's count and the rings', and if all streams end with the last event of each symbol. "+
			"Batched: feedsim publishes in steps of 1 ms, and events of one symbol that are due together share a message.", ingestSymbols),
	}
	single := func(perSecond int) Feed { return generated(ingestSymbols, perSecond) }
	batched := func(perSecond int) Feed { return generated(ingestSymbols, perSecond, "--batch", "64", "--step", "1ms") }
	const singleRate, batchedRate = 550_000, 1_600_000
	for _, streams := range []int{0, ingestStreams} {
		beside := "nobody subscribed"
		if streams > 0 {
			beside = "1,000 INTERVAL streams"
		}
		s.Jobs = append(s.Jobs,
			&ingest{of: "one event per message, " + beside, feed: single(singleRate), perSecond: singleRate, streams: streams, window: window},
			&ingest{of: "batched, " + beside, feed: batched(batchedRate), perSecond: batchedRate, streams: streams, window: window})
	}
	s.Jobs = append(s.Jobs,
		&ingest{of: "one event per message, captured by JetStream", feed: single(captureRate), perSecond: captureRate, capture: true, window: window},
		&ingest{of: "one event per message, not captured, same rate", feed: single(captureRate), perSecond: captureRate, window: window},
		&ingest{of: "batched, captured by JetStream", feed: batched(batchedRate), perSecond: batchedRate, capture: true, window: window})
	s.Checks = ingestChecks
	return s
}

// captureRate is one that a nats-server with a stream on disk keeps up with here.
const captureRate = 100_000

func ingestChecks(cells []report.Cell) []report.Check {
	f, system := figures(cells), string(Tickgate)
	var checks []report.Check
	for _, c := range []struct {
		of    string
		least float64
	}{
		{"one event per message, nobody subscribed", 500_000},
		{"one event per message, 1,000 INTERVAL streams", 500_000},
		{"batched, nobody subscribed", 1_500_000},
		{"batched, 1,000 INTERVAL streams", 1_500_000},
	} {
		text := fmt.Sprintf("%s: >= %.0f events/s without loss", c.of, c.least)
		got, ok := f.value(c.of, system, eventsPerSecond)
		cores, _ := f.value(c.of, system, serverCores)
		if !ok {
			checks = append(checks, missing(text))
			continue
		}
		checks = append(checks, report.Check{Text: text, Holds: got >= c.least, Measured: fmt.Sprintf("%.0f events/s on %.2f of a core", got, cores)})
	}
	return checks
}

// Name says what runs.
func (i *ingest) Name() string { return fmt.Sprintf("%s, %s", ingestName, i.of) }

// Estimate is about how long it takes.
func (i *ingest) Estimate() time.Duration { return startEstimate + ingestSettle + i.window }

// ingestSettle is the time from the feed's start to the window.
const ingestSettle = 1500 * time.Millisecond

// Run starts everything, measures one window, and compares what was published with what arrived.
func (i *ingest) Run(ctx context.Context, r *Runner) []figure.Result {
	blank := figure.Result{Scenario: ingestName, Case: i.of, System: string(Tickgate), Streams: i.streams, Connections: min(i.streams, ingestConnections)}
	result := blank
	if err := r.runIngest(ctx, i, &result); err != nil {
		blank.Errors = []string{err.Error()}
		return []figure.Result{blank}
	}
	return []figure.Result{result}
}

func (r *Runner) runIngest(ctx context.Context, i *ingest, result *figure.Result) error {
	g, err := process.NewGroup(r.folder)
	if err != nil {
		return err
	}
	defer g.Stop()
	rig := &rig{load: i.asLoad(), group: g}
	if rig.bus, err = r.startBus(ctx, g, i.capture); err != nil {
		return err
	}
	if i.capture {
		if err := createStream(ctx, rig.bus.url()); err != nil {
			return err
		}
	}
	if rig.gate, err = r.startGateway(ctx, g, rig.bus, nil, []string{"GOMAXPROCS=1"}); err != nil {
		return err
	}
	// No truth: a second subscription to a million events a second would be measured along. The gateway's own counts are compared with feedsim's.
	if err := rig.startGenerators(r.program("peers"), ""); err != nil {
		return err
	}
	args := append(append([]string{}, i.feed...), "--nats-url", rig.bus.url())
	if rig.feed, err = g.Start(process.Command{Name: "feedsim", Path: r.program("feedsim"), Args: args}); err != nil {
		return err
	}
	if _, err := rig.ask(ctx, fmt.Sprintf("open %d", i.streams), answerNumber); err != nil {
		return err
	}
	if err := wait(ctx, ingestSettle); err != nil {
		return err
	}
	if err := rig.measureIngest(ctx, result); err != nil {
		return err
	}
	result.Notes = append(result.Notes, below(float64(i.perSecond)*result.Seconds, result.Published, "events", "feed or bus did not keep up")...)
	published, err := rig.compareCounts(ctx)
	if err != nil {
		return err
	}
	if i.streams > 0 {
		if err := rig.compareStreams(ctx, published); err != nil {
			return err
		}
	}
	if i.capture {
		return captured(ctx, rig.bus.url(), published, result)
	}
	return nil
}

func (i *ingest) asLoad() *Load {
	return &Load{
		Kind: Tickgate, Interval: time.Second, Steps: once(max(1, i.streams), i.window), Connections: min(ingestConnections, max(1, i.streams)),
		Symbols: generatedSymbols(ingestSymbols), PerStream: 10,
	}
}

func (rig *rig) measureIngest(ctx context.Context, result *figure.Result) error {
	before, err := rig.readCounters(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	used, err := rig.measure(ctx, rig.load.Steps[0].Window)
	if err != nil {
		return err
	}
	after, err := rig.readCounters(ctx)
	if err != nil {
		return err
	}
	seconds := time.Since(begun).Seconds()
	perSecond := (after.events - before.events) / seconds
	result.Published = uint64(after.events - before.events)
	result.Seconds = seconds
	result.EventsPerSecond = &perSecond
	result.ServerCores, result.ClientCores, result.BusCores, result.FeedCores = &used.server, &used.client, &used.bus, &used.feed
	result.CPUMicrosPerUpdate = ratio(used.server*used.seconds*1e6, result.Published)
	megabytes := float64(used.serverBytes) / (1 << 20)
	result.RSSMegabytes = &megabytes
	result.Notes = notes(result)
	return rig.group.Err()
}

// compareCounts stops the feed and waits until the gateway has counted all that it published, which it returns.
func (rig *rig) compareCounts(ctx context.Context) (published float64, err error) {
	if published, err = rig.stopFeed(ctx); err != nil {
		return 0, err
	}
	deadline := time.Now().Add(countPatience)
	for {
		c, err := rig.readCounters(ctx)
		if err != nil {
			return 0, err
		}
		if c.events == published {
			return published, nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%w: feedsim published %.0f events, the gateway took %.0f and knows of %.0f that are missing", errLost, published, c.events, c.missing)
		}
		if err := wait(ctx, countPolling); err != nil {
			return 0, err
		}
	}
}

// compareStreams waits until the streams hold the last event of every symbol. No subscription of the generator's own knows those, but sequences count
// from 1: those that are held add up to what was published.
func (rig *rig) compareStreams(ctx context.Context, published float64) error {
	answers, err := rig.ask(ctx, fmt.Sprintf("add %.0f", published), answerObject)
	if err != nil {
		return err
	}
	verdict, err := verdictOf(answers)
	if err != nil {
		return err
	}
	return verdict.Err()
}

// Times for what is still under way when the feed stops.
const (
	countPatience = 5 * time.Second
	countPolling  = 50 * time.Millisecond
)
