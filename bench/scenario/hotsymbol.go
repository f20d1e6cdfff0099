package scenario

import (
	"fmt"
	"time"

	"tickgate/bench/report"
)

// hotSymbol is scenario 8: everybody wants the same.
func hotSymbol(window time.Duration) Scenario {
	const name, of = "hot-symbol", "10,000 events/s, 1,000 streams"
	s := Scenario{
		Name: name, Title: "Hot symbol",
		Description: "One symbol at 10,000 events/s, 1,000 LATEST streams on 1,000 connections. The spread is from the first receiver of an event, or of a newer one in its place, to the last. Latency is that of one event in 100.",
	}
	for _, kind := range []Kind{Tickgate, Naive} {
		s.Jobs = append(s.Jobs, &Load{
			Scenario: name, Case: of, System: string(kind), Kind: kind,
			Feed: generated(1, 10_000), Symbols: generatedSymbols(1), PerStream: 1, Steps: once(1_000, window), Spread: true, Staleness: true,
			Follow: 100, Settle: 1500 * time.Millisecond,
		})
	}
	s.Checks = func(cells []report.Cell) []report.Check {
		f := figures(cells)
		checks := []report.Check{
			f.atMost("nothing goes stale: staleness p99 below the 2 s of a silent feed", of, string(Tickgate), stalenessP99, 2e6, "us"),
			f.atMost("nothing goes stale: no stream is told so", of, string(Tickgate), staleTold, 0, "times"),
		}
		for _, system := range []Kind{Tickgate, Naive} {
			text := fmt.Sprintf("last minus first receiver and CPU of %s are published", system)
			spread, ok := f.value(of, string(system), spreadP99)
			greatest, ok2 := f.value(of, string(system), spreadMax)
			cores, ok3 := f.value(of, string(system), serverCores)
			if !ok || !ok2 || !ok3 {
				checks = append(checks, missing(text))
				continue
			}
			checks = append(checks, report.Check{Text: text, Holds: true, Measured: fmt.Sprintf("p99 %.0f us, max %.0f us, %.2f cores", spread, greatest, cores)})
		}
		return checks
	}
	return s
}
