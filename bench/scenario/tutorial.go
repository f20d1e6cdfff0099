package scenario

import (
	"fmt"
	"time"

	"tickgate/bench/report"
)

// tutorial is scenario 7: the comparison that is usually quoted, measured.
func tutorial(window time.Duration) Scenario {
	const name = "tutorials-table"
	s := Scenario{
		Name: name, Title: "The tutorial's table",
		Description: "5,000 long-polling clients, and 50,000 gateway streams on 500 connections, each with one symbol that has one event per second. " +
			"The figures usually quoted: long polling 5,000 clients, 300 ms, 85 % of 8 cores; gRPC streams 50,000, 15 ms, 62 % of 8 cores.",
	}
	polling := &Load{
		Scenario: name, Case: "5,000 clients", System: string(LongPoll), Kind: LongPoll, Steps: once(5_000, window),
	}
	streaming := &Load{
		Scenario: name, Case: "50,000 streams", System: string(Tickgate), Kind: Tickgate, Steps: once(50_000, window), Connections: 500,
	}
	for _, l := range []*Load{polling, streaming} {
		l.Feed, l.Symbols, l.PerStream = generated(1_000, 1_000), generatedSymbols(1_000), 1
		l.Settle = 1500 * time.Millisecond
		l.Fill = 7 * time.Second // no stream is opened before each of 1,000 symbols has had one of 1,000 events/s
		s.Jobs = append(s.Jobs, l)
	}
	s.Jobs = append(s.Jobs,
		quoted{Scenario: name, Case: "5,000 clients, 8 cores of others", System: "long polling, as quoted", Streams: 5_000, mean: 300 * time.Millisecond, cores: 0.85 * 8},
		quoted{Scenario: name, Case: "50,000 streams, 8 cores of others", System: "gRPC streams, as quoted", Streams: 50_000, mean: 15 * time.Millisecond, cores: 0.62 * 8})
	s.Checks = func(cells []report.Cell) (checks []report.Check) {
		f := figures(cells)
		for _, l := range []*Load{polling, streaming} {
			text := fmt.Sprintf("mean latency and CPU of %s on %s are published", l.Case, l.System)
			mean, ok := f.value(l.Case, l.System, latencyMean)
			cores, ok2 := f.value(l.Case, l.System, serverCores)
			if !ok || !ok2 {
				checks = append(checks, missing(text))
				continue
			}
			checks = append(checks, report.Check{Text: text, Holds: true, Measured: fmt.Sprintf("mean %.1f ms, %.2f of 2 cores", mean/1000, cores)})
		}
		return checks
	}
	return s
}
