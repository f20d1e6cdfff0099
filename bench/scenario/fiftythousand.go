package scenario

import (
	"fmt"
	"time"

	"tickgate/bench/report"
)

// streamsPerConnection is what the gateway allows by default.
const streamsPerConnection = 100

// fiftyThousand is scenario 1: many streams that share connections, each conflated to a second.
func fiftyThousand(window time.Duration) Scenario {
	const name = "fifty-thousand-streams"
	s := Scenario{
		Name: name, Title: "Fifty thousand streams",
		Description: "Streams of 10 symbols each out of 1,000, 100 streams to a connection, INTERVAL 1 s, 10,000 events/s. The delay is from when a batch is due to its receipt. 100,000 streams are read by two load generators.",
	}
	for _, streams := range []int{1_000, 10_000, 50_000, 100_000} {
		s.Jobs = append(s.Jobs, manyStreams(name, Tickgate, streams, window))
	}
	s.Jobs = append(s.Jobs, manyStreams(name, Naive, 50_000, window))
	s.Checks = func(cells []report.Cell) []report.Check {
		f, of := figures(cells), streamsCase(50_000)
		ours, naive := side{of, string(Tickgate)}, side{of, string(Naive)}
		return []report.Check{
			f.atMost("server CPU at 50,000 streams, with the ingest, <= 0.45 core", of, string(Tickgate), serverCores, 0.45, "core"),
			f.ratio("CPU per batch of naive >= 4x", naive, ours, cpuPerBatch, 4, 0),
			f.ratio("p99 delay of naive >= 4x", naive, ours, latencyP99, 4, 0),
			f.atMost("mean delay <= 15 ms", of, string(Tickgate), latencyMean, 15_000, "us"),
			f.atMost("memory <= 15 KB per stream", of, string(Tickgate), memoryPerStream, 15, "KB"),
			f.noRise(1_000, 10_000), f.noRise(10_000, 50_000), f.noRise(50_000, 100_000),
		}
	}
	return s
}

// fillRings is how long the gateway's rings of so many symbols, 64 events deep, take to fill. Before that a page of them becomes resident with every
// other event, and would be counted among what the streams take.
func fillRings(symbols, eventsPerSecond int) time.Duration {
	const deep, margin = 64, 500 * time.Millisecond
	return time.Duration(deep*symbols)*time.Second/time.Duration(eventsPerSecond) + margin
}

// noRise checks that a batch costs no more with many streams than with the next smaller number.
func (f figures) noRise(few, many int) report.Check {
	return f.ratio(fmt.Sprintf("CPU per batch with %s no more than with %s", streamsCase(many), streamsCase(few)),
		side{streamsCase(many), string(Tickgate)}, side{streamsCase(few), string(Tickgate)}, cpuPerBatch, 0, 1)
}

func manyStreams(scenario string, kind Kind, streams int, window time.Duration) *Load {
	const symbols = 1_000
	l := &Load{
		Scenario: scenario, Case: streamsCase(streams), System: string(kind), Kind: kind,
		Feed: generated(symbols, 10_000), Symbols: generatedSymbols(symbols), PerStream: 10, Interval: time.Second,
		Steps: once(streams, window), Connections: max(1, streams/streamsPerConnection), Generators: max(1, streams/streamsPerGenerator),
		Settle: 1500 * time.Millisecond,
	}
	if kind == Tickgate {
		l.Fill = fillRings(symbols, 10_000)
	}
	return l
}

// streamsPerGenerator is what one load generator reads without being the bottleneck.
const streamsPerGenerator = 50_000

func streamsCase(streams int) string {
	if streams < 1_000 {
		return fmt.Sprintf("%d streams", streams)
	}
	return fmt.Sprintf("%d,%03d streams", streams/1_000, streams%1_000)
}
