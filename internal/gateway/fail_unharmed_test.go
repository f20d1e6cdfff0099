package gateway_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// How it is judged that some clients do not harm others. A machine that does other things as well is never quiet, so the 99th percentile is taken of several short
// windows before and during the harm, and their medians are compared: at most a tenth more, or 2 ms, which is what a timer and a goroutine switch or two may
// take. A comparison that fails is made anew, with new harm, five times in all.
const (
	healthyClients = 50
	windowCount    = 4
	windowLength   = 300 * time.Millisecond
	worstRatio     = 1.1
	worstMore      = 2 * time.Millisecond
	attempts       = 3
)

// healthy are clients with policy LATEST whose latency is measured: from when an event was due at the publisher until the client has it.
type healthy struct {
	t       testing.TB
	reading sync.WaitGroup

	// mu guards the field below.
	mu        sync.Mutex
	latencies []time.Duration
}

// openHealthy opens the clients, each on a connection of its own. They read until the test ends.
func openHealthy(t testing.TB, g *gatewaytest.Gateway) *healthy {
	t.Helper()
	h := &healthy{t: t, latencies: make([]time.Duration, 0, 1<<20)}
	ctx, cancel := context.WithCancel(context.Background())
	for range healthyClients {
		stream, err := tickgatev1.NewMarketDataClient(g.Dial(t)).Stream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(subscribeCommand(gatewaytest.Latest(), symbols)); err != nil {
			t.Fatal(err)
		}
		h.reading.Go(func() { h.read(ctx, stream) })
	}
	t.Cleanup(func() { // before those of the connections
		cancel()
		h.reading.Wait()
	})
	return h
}

func (h *healthy) read(ctx context.Context, stream tickgatev1.MarketData_StreamClient) {
	for {
		m, err := stream.Recv()
		if err != nil {
			if ctx.Err() == nil {
				h.t.Errorf("a healthy client was ended: %v", err)
			}
			return
		}
		now := time.Now().UnixNano()
		h.mu.Lock()
		for _, u := range m.GetBatch().GetUpdates() {
			if !u.GetSnapshot() && u.EventDelta != nil && len(h.latencies) < cap(h.latencies) {
				h.latencies = append(h.latencies, time.Duration(now-m.GetBatch().GetTsEventBase()-u.GetEventDelta()))
			}
		}
		h.mu.Unlock()
	}
}

// typicalP99 returns the median of the windows' 99th percentiles, from now on.
func (h *healthy) typicalP99() time.Duration {
	var percentiles []time.Duration
	for range windowCount {
		h.mu.Lock()
		h.latencies = h.latencies[:0]
		h.mu.Unlock()
		window := time.NewTimer(windowLength)
		<-window.C
		h.mu.Lock()
		seen := slices.Sorted(slices.Values(h.latencies))
		h.mu.Unlock()
		if len(seen) == 0 {
			h.t.Fatal("the healthy clients receive nothing")
		}
		percentiles = append(percentiles, seen[len(seen)*99/100])
	}
	slices.Sort(percentiles)
	return percentiles[len(percentiles)/2]
}

// harm is what some clients do to a gateway. Each function belongs to one attempt.
type harm struct {
	prepare func(t *testing.T) // before the first measurement; nil: nothing
	strike  func(t *testing.T) // after which the others must not notice
	verify  func(t *testing.T) // what becomes of those who did it; nil: nothing
}

// unharmed demands that the healthy clients do not notice.
func (h *healthy) unharmed(t *testing.T, inflict func() harm) {
	for attempt := 1; ; attempt++ {
		x := inflict()
		if x.prepare != nil {
			x.prepare(t)
		}
		before := h.typicalP99()
		x.strike(t)
		during := h.typicalP99()
		if x.verify != nil {
			x.verify(t)
		}
		t.Logf("attempt %d: p99 of the others %v before, %v during", attempt, before, during)
		switch {
		case float64(during) <= worstRatio*float64(before) || during <= before+worstMore:
			return
		case raceDetector: // it multiplies what the harm costs the processor
			return
		case attempt == attempts:
			t.Errorf("p99 of the others rose from %v to %v, in each of %d attempts by more than a tenth and %v", before, during, attempts, worstMore)
			return
		}
	}
}
