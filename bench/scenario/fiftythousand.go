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
		Description: "Streams of 10 symbols each out of 1,000, 100 streams to a connection, INTERVAL 1 s, 10,000 events/s. Latency is from when a batch is due to its receipt.",
	}
	for _, streams := range []int{1_000, 10_000, 50_000, 100_000} {
		s.Jobs = append(s.Jobs, manyStreams(name, Tickgate, streams, window))
	}
	for _, streams := range []int{1_000, 10_000, 50_000} {
		s.Jobs = append(s.Jobs, manyStreams(name, Naive, streams, window))
	}
	s.Checks = func(cells []report.Cell) []report.Check {
		f, of := figures(cells), streamsCase(50_000)
		ours, naive := side{of, string(Tickgate)}, side{of, string(Naive)}
		return []report.Check{
			f.atMost("server CPU at 50,000 streams, with the ingest, <= 0.45 core", of, string(Tickgate), serverCores, 0.45, "core"),
			f.ratio("CPU per batch of naive >= 4x", naive, ours, cpuPerBatch, 4, 0),
			f.ratio("p99 delay of naive >= 4x", naive, ours, latencyP99, 4, 0),
			f.atMost("mean delay <= 15 ms", of, string(Tickgate), latencyMean, 15_000, "us"),
			f.atMost("memory <= 15 KB per stream", of, string(Tickgate), memoryPerStream, 15, "KB"),
			f.ratio("CPU per batch at 100,000 streams no more than at 1,000", side{streamsCase(100_000), string(Tickgate)},
				side{streamsCase(1_000), string(Tickgate)}, cpuPerBatch, 0, 1),
		}
	}
	return s
}

// fillRings is how long the gateway's rings of 1,000 symbols, 64 events deep, take to fill at 10,000 events/s. Before that a page of them becomes resident with every
// other event, and would be counted among what the streams take.
const fillRings = 7 * time.Second

func manyStreams(scenario string, kind Kind, streams int, window time.Duration) *Load {
	const symbols = 1_000
	return &Load{
		Scenario: scenario, Case: streamsCase(streams), System: string(kind), Kind: kind,
		Feed: generated(symbols, 10_000), Symbols: generatedSymbols(symbols), PerStream: 10, Interval: time.Second,
		Steps: []int{streams}, Connections: max(1, streams/streamsPerConnection),
		Fill: fillRings, Settle: 3 * time.Second, Window: window,
	}
}

func streamsCase(streams int) string {
	if streams < 1_000 {
		return fmt.Sprintf("%d streams", streams)
	}
	return fmt.Sprintf("%d,%03d streams", streams/1_000, streams%1_000)
}
