package naive_test

import (
	"testing"
	"time"

	"tickgate/bench/load"
	"tickgate/bench/load/grpcload"
	"tickgate/bench/peers/naive"
	"tickgate/bench/peers/peertest"
)

func TestStreamsEndWithTheFeedsLastValues(t *testing.T) {
	for name, interval := range map[string]time.Duration{"latest": 0, "interval": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			plan := load.Plan{Symbols: peertest.Symbols(20), Streams: 8, Connections: 2, PerStream: 5, Interval: interval, Delay: interval > 0, Staleness: interval == 0}
			window, verdict := peertest.Run(t, naive.Serve, grpcload.New, plan)
			if err := verdict.Err(); err != nil {
				t.Error(err)
			}
			if window.Batches == 0 || window.Updates == 0 || window.WireBytes == 0 {
				t.Errorf("%d batches, %d updates, %d samples of staleness, %d bytes", window.Batches, window.Updates, window.Staleness.Count(), window.WireBytes)
			}
			if interval == 0 && (window.Latency.Count() == 0 || window.Staleness.Count() == 0 || window.Conflated != 0) {
				t.Errorf("%d latencies, %d conflated", window.Latency.Count(), window.Conflated)
			}
			if interval != 0 && (window.Delay.Count() == 0 || window.Conflated == 0) {
				t.Errorf("%d delays, %d conflated", window.Delay.Count(), window.Conflated)
			}
		})
	}
}
