package scenario

import (
	"fmt"
	"time"

	"tickgate/bench/report"
)

// slottedFloor is the floor whose due times are rounded down as the gateway's are.
const (
	slottedFloor = "floor, 2 ms slots"
	gatewaySlot  = 2 * time.Millisecond
)

// oneStream is scenario 2: a connection for each stream, so that nothing can be saved by sharing writes.
func oneStream(window time.Duration) Scenario {
	const name = "one-stream-per-connection"
	s := Scenario{
		Name: name, Title: "One stream per connection",
		Description: "Streams of 10 symbols each out of 100. The floor is a TCP server that writes as many bytes at the same moments and does nothing else: once evenly spread over the interval, and once in the slots of 2 ms that the gateway writes in (decision 11).",
	}
	shapes := []struct {
		of          string
		connections int
		interval    time.Duration
		perSecond   int
		bound       float64 // times the floor's CPU per batch
	}{
		{"1,000 connections, 10,000 batches/s", 1_000, 100 * time.Millisecond, 2_000, 1.4},
		{"1,000 connections, 50,000 batches/s", 1_000, 20 * time.Millisecond, 5_000, 2.0},
		{"15,000 connections, 15,000 batches/s", 15_000, time.Second, 1_000, 2.0},
	}
	for _, shape := range shapes {
		for _, c := range []struct {
			system string
			kind   Kind
			slot   time.Duration
		}{{string(Tickgate), Tickgate, 0}, {string(Naive), Naive, 0}, {string(Floor), Floor, 0}, {slottedFloor, Floor, gatewaySlot}} {
			l := &Load{
				Scenario: name, Case: shape.of, System: c.system, Kind: c.kind, Slot: c.slot,
				Feed: generated(100, shape.perSecond), Symbols: generatedSymbols(100), PerStream: 10, Interval: shape.interval,
				Steps: once(shape.connections, window), Settle: time.Second,
			}
			if shape.interval >= time.Second && (c.slot > 0 || c.kind == Naive) {
				continue // with so few in a slot it is the evenly spread floor, which wakes up as often; and the time allowed ends somewhere
			}
			if c.kind == Floor {
				l.Feed = nil
			}
			if c.kind == Tickgate {
				l.Fill = fillRings(100, shape.perSecond)
			}
			s.Jobs = append(s.Jobs, l)
		}
	}
	s.Checks = func(cells []report.Cell) (checks []report.Check) {
		f := figures(cells)
		for _, shape := range shapes {
			checks = append(checks, f.ratio(fmt.Sprintf("%s: CPU per batch <= %.1fx of the floor", shape.of, shape.bound),
				side{shape.of, string(Tickgate)}, side{shape.of, string(Floor)}, cpuPerBatch, 0, shape.bound))
			if shape.interval < time.Second {
				checks = append(checks, f.ratio(fmt.Sprintf("%s: CPU per batch <= %.1fx of the floor in the gateway's slots", shape.of, shape.bound),
					side{shape.of, string(Tickgate)}, side{shape.of, slottedFloor}, cpuPerBatch, 0, shape.bound))
			}
		}
		for _, shape := range shapes {
			checks = append(checks, f.atMost(shape.of+": <= 40 KB per connection", shape.of, string(Tickgate), memoryPerStream, 40, "KB"))
		}
		return checks
	}
	return s
}
