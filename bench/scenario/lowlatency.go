package scenario

import (
	"context"
	"fmt"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// firstRate is where scenario 3 begins: events per second over all symbols.
const firstRate = 1_000

// lowLatency is scenario 3: few streams without an interval, and the rate at which that ends.
func lowLatency(window time.Duration) Scenario {
	const name = "low-latency"
	s := Scenario{
		Name: name, Title: "Low latency",
		Description: "100 streams on 100 connections, LATEST, 10 symbols each out of 100. Latency is from the intended time of an event to the receipt of it, or of a newer value in its place. NATS is bus and server in one: compare the gateway with it by server and bus together. The rate doubles until p99 passes 10 ms; the last rate below is the knee.",
	}
	for _, kind := range []Kind{Tickgate, NATS} {
		s.Jobs = append(s.Jobs, &knee{Load{
			Scenario: name, System: string(kind), Kind: kind, Symbols: generatedSymbols(100), PerStream: 10, Steps: once(100, window),
			Settle: settleLook,
		}})
	}
	s.Checks = func(cells []report.Cell) []report.Check {
		f, of := figures(cells), rateCase(firstRate)
		ours, nats := side{of, string(Tickgate)}, side{of, string(NATS)}
		return []report.Check{
			f.within("p50 <= NATS + 150 us", ours, nats, latencyP50, 150, "us"),
			f.within("p99 <= NATS + 500 us", ours, nats, latencyP99, 500, "us"),
			kneeOf(cells, Tickgate), kneeOf(cells, NATS),
		}
	}
	return s
}

func rateCase(perSecond int) string { return fmt.Sprintf("%d,000 events/s", perSecond/1_000) }

// Bounds of the search for the knee.
const (
	kneeP99    = 10 * time.Millisecond
	kneeSteps  = 9 // the last is 256,000 events/s
	kneeAtWork = 6 // steps that are usual, for the estimate
)

// knee runs a load at growing rates.
type knee struct{ Load }

// Name says what runs.
func (k *knee) Name() string { return fmt.Sprintf("%s, up to the knee: %s", k.Scenario, k.System) }

// Estimate is about how long it takes.
func (k *knee) Estimate() time.Duration { return kneeAtWork * k.Load.Estimate() }

// Run doubles the rate until the latency is past the bound, or a run fails.
func (k *knee) Run(ctx context.Context, r *Runner) (results []figure.Result) {
	for step := range kneeSteps {
		perSecond := firstRate << step
		l := k.Load
		l.Case, l.Feed = rateCase(perSecond), generated(100, perSecond)
		results = append(results, l.Run(ctx, r)...)
		last := &results[len(results)-1]
		last.Probing = step > 0
		if last.Failed() || last.Latency == nil || time.Duration(last.Latency.P99)*time.Microsecond > kneeP99 {
			return results
		}
	}
	return results
}

// kneeOf tells the greatest rate at which most of the runs have a p99 within the bound. It is no promise: it always holds if it was measured.
func kneeOf(cells []report.Cell, kind Kind) report.Check {
	text := fmt.Sprintf("the knee of %s is published", kind)
	runs := len(cellOf(cells, rateCase(firstRate), kind).Results)
	for step := kneeSteps - 1; step >= 0; step-- {
		of := rateCase(firstRate << step)
		within := 0
		for _, r := range cellOf(cells, of, kind).Results { // a run that ended before has none here
			if !r.Failed() && r.Latency != nil && r.Latency.P99 <= kneeP99.Microseconds() {
				within++
			}
		}
		if within > runs/2 {
			p99, _ := figures(cells).value(of, string(kind), latencyP99)
			return report.Check{Text: text, Holds: true, Measured: fmt.Sprintf("%s in %d of %d runs, median p99 %.0f us", of, within, runs, p99)}
		}
	}
	first := rateCase(firstRate)
	if p99, ok := figures(cells).value(first, string(kind), latencyP99); ok && p99 > float64(kneeP99.Microseconds()) {
		return report.Check{Text: text, Holds: true, Measured: fmt.Sprintf("below %s, where p99 is %s us", first, report.Number(p99))}
	}
	return missing(text)
}

// cellOf returns the cell of a case and system; one without results if there is none.
func cellOf(cells []report.Cell, of string, kind Kind) report.Cell {
	for _, c := range cells {
		if c.Case == of && c.System == string(kind) {
			return c
		}
	}
	return report.Cell{}
}
