package longpoll_test

import (
	"testing"

	"go.uber.org/goleak"

	"tickgate/bench/load"
	"tickgate/bench/peers/longpoll"
	"tickgate/bench/peers/peertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPollingGetsTheLastValues(t *testing.T) {
	window, verdict := peertest.Run(t, longpoll.Serve, longpoll.New, load.Plan{Symbols: peertest.Symbols(20), Streams: 8, Connections: 8, PerStream: 5})
	if err := verdict.Err(); err != nil {
		t.Error(err)
	}
	if window.Batches == 0 || window.Updates == 0 || window.Latency.Count() == 0 || window.WireBytes == 0 {
		t.Errorf("%d answers, %d updates, %d latencies, %d bytes", window.Batches, window.Updates, window.Latency.Count(), window.WireBytes)
	}
}
