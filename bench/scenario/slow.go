package scenario

import (
	"fmt"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// Shape of scenario 5.
const (
	slowStreams  = 1_000
	slowPercent  = 10
	hungPercent  = 1
	slowdown     = 20 // slow streams read at one in so many
	slowInterval = 100 * time.Millisecond
	slowBound    = time.Second // of unacknowledged updates, as SDKs ask for

	// eventsPerStream is how many events a second concern one stream: 10 symbols, each of which has 10.
	eventsPerStream = 100
)

// slowConsumers is scenario 5: what bad readers cost the good ones, and what they get themselves.
func slowConsumers(window time.Duration) Scenario {
	const (
		name    = "slow-consumers"
		without = "all read"
		with    = "10 % slow, 1 % hung"
		acked   = "10 % slow, 1 % hung, acknowledged"
	)
	s := Scenario{
		Name: name, Title: "Slow consumers",
		Description: "1,000 streams on 1,000 connections, 10 symbols each out of 100, 1,000 events/s, conflated to 100 ms where the system can. " +
			"Some read at a 20th of what comes, some never again. Latency is that of the rest; the age is that of what the slow ones take: how long it had been out of date.",
	}
	add := func(of string, kind Kind, change func(*Load)) {
		l := &Load{
			Scenario: name, Case: of, System: string(kind), Kind: kind,
			Feed: generated(100, 1_000), Symbols: generatedSymbols(100), PerStream: 10, Interval: slowInterval, Steps: []int{slowStreams},
			Settle: 8 * time.Second, Window: window,
		}
		change(l)
		s.Jobs = append(s.Jobs, l)
	}
	slow := func(l *Load) {
		l.SlowPercent, l.HungPercent, l.SlowPause = slowPercent, hungPercent, slowdown*slowInterval
	}
	perEvent := func(l *Load) { // a message holds one event, not the values of an interval
		slow(l)
		l.SlowPause = slowdown * time.Second / eventsPerStream
	}
	add(without, Tickgate, func(*Load) {})
	add(with, Tickgate, slow)
	add(acked, Tickgate, func(l *Load) { slow(l); l.Freshness = slowBound })
	add(with, Naive, slow)
	add(with, NATS, func(l *Load) { perEvent(l); l.Interval = 0 })
	add(with, Centrifuge, perEvent)
	s.Checks = func(cells []report.Cell) []report.Check {
		f, ours := figures(cells), string(Tickgate)
		return []report.Check{
			f.ratio("p99 of the rest <= 1.1x of the run without slow ones", side{with, ours}, side{without, ours}, latencyP99, 0, 1.1),
			f.perStalled(with, without),
			f.atMost("with acknowledgements nothing taken is older than the bound plus the interval", acked, ours, slowAgeMax,
				float64((slowBound + slowInterval).Microseconds()), "us"),
			f.ages(with),
		}
	}
	return s
}

// perStalled checks what memory grew by for each stream that does not read as it should.
func (f figures) perStalled(with, without string) report.Check {
	const text = "memory per stalled stream <= 64 KB"
	more, ok := f.value(with, string(Tickgate), memory)
	less, ok2 := f.value(without, string(Tickgate), memory)
	if !ok || !ok2 {
		return missing(text)
	}
	kilobytes := (more - less) * 1024 / (slowStreams * (slowPercent + hungPercent) / 100)
	return report.Check{Text: text, Holds: kilobytes <= 64, Measured: fmt.Sprintf("%.0f KB (%.0f MB with, %.0f MB without)", kilobytes, more, less)}
}

// ages tells what slow readers take without acknowledgements.
func (f figures) ages(of string) report.Check {
	check := report.Check{Text: "age of what slow readers take without acknowledgements, p99, is published", Holds: true}
	for _, kind := range []Kind{Tickgate, NATS, Centrifuge, Naive} {
		age, ok := f.value(of, string(kind), func(r *figure.Result) *float64 {
			return percentile(r.SlowAge, func(p *figure.Percentiles) int64 { return p.P99 })
		})
		if !ok {
			check.Measured += fmt.Sprintf("%s: no figure; ", kind)
			continue
		}
		check.Measured += fmt.Sprintf("%s %.1f s; ", kind, age/1e6)
	}
	return check
}
