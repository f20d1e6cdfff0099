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
		Description: "100 streams on 100 connections, LATEST, 10 symbols each out of 100. Latency is from the intended time of an event to its receipt. The rate doubles until p99 passes 10 ms; the last rate below is the knee.",
	}
	for _, kind := range []Kind{Tickgate, NATS} {
		s.Jobs = append(s.Jobs, &knee{Load{
			Scenario: name, System: string(kind), Kind: kind, Symbols: generatedSymbols(100), PerStream: 10, Steps: []int{100},
			Settle: time.Second, Window: window,
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
	kneeAtWork = 8 // steps that are usual, for the estimate
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

// kneeOf tells the greatest rate at which the median p99 is within the bound. It is no promise: it always holds if it was measured.
func kneeOf(cells []report.Cell, kind Kind) report.Check {
	text := fmt.Sprintf("the knee of %s is published", kind)
	for step := kneeSteps - 1; step >= 0; step-- {
		of := rateCase(firstRate << step)
		if p99, ok := figures(cells).value(of, string(kind), latencyP99); ok && p99 <= float64(kneeP99.Microseconds()) {
			return report.Check{Text: text, Holds: true, Measured: fmt.Sprintf("%s, p99 %.0f us", of, p99)}
		}
	}
	return missing(text)
}
