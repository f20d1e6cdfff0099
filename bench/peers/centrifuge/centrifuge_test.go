package centrifuge_test

import (
	"testing"
	"time"

	"tickgate/bench/load"
	"tickgate/bench/peers/centrifuge"
	"tickgate/bench/peers/peertest"
)

func TestClientsGetTheLastValues(t *testing.T) {
	for _, interval := range []time.Duration{0, 100 * time.Millisecond} {
		plan := load.Plan{Symbols: peertest.Symbols(20), Streams: 8, Connections: 8, PerStream: 5, Interval: interval, Staleness: true}
		window, verdict := peertest.Run(t, centrifuge.Serve, centrifuge.New, plan)
		if err := verdict.Err(); err != nil {
			t.Errorf("interval %v: %v", interval, err)
		}
		if window.Updates == 0 || window.Staleness.Count() == 0 || window.WireBytes == 0 {
			t.Errorf("interval %v: %d updates, %d samples, %d bytes", interval, window.Updates, window.Staleness.Count(), window.WireBytes)
		}
		if published := window.Published * 2; interval > 0 && window.Updates > published/2 {
			t.Errorf("interval %v: %d updates of %d events for two streams each: nothing was conflated", interval, window.Updates, published)
		}
	}
}
