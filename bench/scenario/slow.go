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

	slowSymbols = 50                      // of a stream: with fewer, nobody stalls within the window
	slowSettle  = 6500 * time.Millisecond // until a window of 64 KiB is full at 12 KB/s, and the stall is noticed

	// eventsPerStream is how many events a second concern one stream of the systems that send each on its own: 10 symbols, each of which has 10.
	eventsPerStream = 100
)

// slowConsumers is scenario 5: what bad readers cost the good ones, and what they get themselves.
func slowConsumers(window time.Duration) Scenario {
	s := Scenario{
		Name: "slow-consumers", Title: "Slow consumers",
		Description: fmt.Sprintf("1,000 streams on 1,000 connections out of 100 symbols, 1,000 events/s, conflated to 100 ms where the system can. The gateway's and naive's have %d symbols each, so that a stream "+
			"that does not read has filled its 64 KiB window before the measured one begins; NATS and centrifuge, which cannot deliver as much here, 10. Some read at a 20th of what comes, some never again. "+
			"Figures of delay and latency are those of the rest; the age is that of what the slow ones take: how long it had been out of date. Without acknowledgements it grows for as long as the run lasts, "+
			"up to the two minutes in which such a client reads a window. The gateway's send stall is raised to a minute, so that slow streams stay and their memory is measured; one case has the default of 5 s. "+
			"An acknowledging reader processes a batch and then acknowledges it, as the SDKs do; where the slow ones do, all do, and so they do in what it is compared with. "+
			"Socket buffers play no part: the client libraries read ahead by themselves.", slowSymbols),
	}
	add := func(of string, kind Kind, symbols int, change func(*Load)) {
		l := &Load{
			Scenario: s.Name, Case: of, System: string(kind), Kind: kind,
			Feed: generated(100, 1_000), Symbols: generatedSymbols(100), PerStream: symbols, Interval: slowInterval, Steps: once(slowStreams, window),
			Settle: slowSettle,
		}
		if kind == Tickgate {
			l.GatewayArgs = []string{"--send-stall", "1m"}
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
	add(slowNone, Tickgate, slowSymbols, func(*Load) {})
	add(slowNoneAcked, Tickgate, slowSymbols, func(l *Load) { l.Freshness = slowBound })
	add(slowSome, Tickgate, slowSymbols, slow)
	add(slowCut, Tickgate, slowSymbols, func(l *Load) { slow(l); l.GatewayArgs, l.MayCut, l.Settle = nil, true, slowSettle+2*time.Second })
	add(slowAcked, Tickgate, slowSymbols, func(l *Load) { slow(l); l.Freshness = slowBound })
	add(slowSome, Naive, slowSymbols, slow)
	add(slowFew, NATS, 10, func(l *Load) { perEvent(l); l.Interval = 0 })
	add(slowFew, Centrifuge, 10, perEvent)
	s.Checks = slowChecks
	return s
}

// Cases of scenario 5.
const (
	slowNone      = "all read"
	slowNoneAcked = "all read and acknowledge"
	slowSome      = "10 % slow, 1 % hung"
	slowFew       = "10 % slow, 1 % hung, 10 symbols"
	slowCut       = "10 % slow, 1 % hung, send stall 5 s"
	slowAcked     = "10 % slow, 1 % hung, acknowledged when processed"
)

func slowChecks(cells []report.Cell) (checks []report.Check) {
	f, ours := figures(cells), string(Tickgate)
	for _, c := range []struct{ of, without string }{{slowSome, slowNone}, {slowCut, slowNone}, {slowAcked, slowNoneAcked}} {
		checks = append(checks, f.ratio(c.of+": p99 of the rest <= 1.1x of the run without slow ones", side{c.of, ours}, side{c.without, ours}, latencyP99, 0, 1.1))
	}
	return append(checks,
		f.perStalled(slowSome, slowNone),
		f.atMost("with acknowledgements when processed nothing taken is older than the bound plus the interval", slowAcked, ours, slowAgeMax,
			float64((slowBound+slowInterval).Microseconds()), "us"),
		f.ages(side{slowSome, ours}, side{slowFew, string(NATS)}, side{slowFew, string(Centrifuge)}, side{slowSome, string(Naive)}))
}

// badReaders proves how the slow and the hung streams read, and what the gateway noticed of it.
func (l *Load) badReaders(r *figure.Result, seen *figure.Window, counted *counters, cutInAll float64) string {
	hung, slow := uint64(r.Streams*l.HungPercent/100), uint64(r.Streams*l.SlowPercent/100)
	good := uint64(r.Streams) - hung - slow
	each := float64(seen.Batches-seen.SlowBatches-seen.HungBatches) / float64(good)
	said := fmt.Sprintf("in the window %d slow streams took %.1f messages each, %d hung ones %.1f, the rest %.1f",
		slow, float64(seen.SlowBatches)/float64(slow), hung, float64(seen.HungBatches)/float64(hung), each)
	if l.Kind != Tickgate {
		return said + fmt.Sprintf("; %d of them had noticed at its end that the server had cut them", seen.Cut)
	}
	return said + fmt.Sprintf("; in the window the gateway passed over busy streams %.0f times (%.0f for a stream that is always busy), found %.0f clients slow, and by its end had cut %.0f",
		counted.busySkips, r.Seconds/l.Interval.Seconds(), counted.slowEpisodes, cutInAll)
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

// ages tells what slow readers take.
func (f figures) ages(of ...side) report.Check {
	check := report.Check{Text: "age of what slow readers take without acknowledgements, p99, is published", Holds: true}
	for _, s := range of {
		age, ok := f.value(s.of, s.system, func(r *figure.Result) *float64 {
			return percentile(r.SlowAge, func(p *figure.Percentiles) int64 { return p.P99 })
		})
		if !ok {
			check.Measured += fmt.Sprintf("%s, %s: no figure; ", s.system, s.of)
			continue
		}
		check.Measured += fmt.Sprintf("%s, %s: %.1f s; ", s.system, s.of, age/1e6)
	}
	return check
}
