package gateway_test

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// How it is judged that some clients do not harm others. A machine that does other things as well is never quiet, so it is measured how quiet it was: slices of quiet and
// slices of harm take turns, and those of harm go on until the gateway is done with whoever does it. The 99th percentile of all harmed slices together may
// be a tenth more than that of all quiet ones together, or as much as that of the worse half of the quiet slices: what the machine does without any harm. As long as it is
// more, another turn, with new harm, is measured and added, up to eight in all.
const (
	healthyClients = 50
	sliceLength    = 250 * time.Millisecond
	leastTurns     = 2
	mostTurns      = 8
	worstRatio     = 1.1
)

// healthy are clients with policy LATEST whose latency is measured: from when an event was due at the publisher until the client has it.
type healthy struct {
	t       testing.TB
	gateway *gatewaytest.Gateway
	reading sync.WaitGroup

	// mu guards the field below.
	mu        sync.Mutex
	latencies []time.Duration
}

// openHealthy opens the clients, each on a connection of its own. They read until the test ends.
func openHealthy(t testing.TB, g *gatewaytest.Gateway) *healthy {
	t.Helper()
	h := &healthy{t: t, gateway: g, latencies: make([]time.Duration, 0, 1<<20)}
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
				received := m.GetBatch().GetTsSend() - int64(u.GetRecvAge()) // the market is live: the batch has no base
				h.latencies = append(h.latencies, time.Duration(now-received-u.GetEventDelta()))
			}
		}
		h.mu.Unlock()
	}
}

// slice is the latencies of all healthy clients in a slice of time, sorted.
type slice []time.Duration

// next returns the slice of time that begins now, and how many streams there are at its end. So the gateway's metrics are asked for, in quiet and in harm.
func (h *healthy) next(t *testing.T) (seen slice, streams int) {
	t.Helper()
	h.mu.Lock()
	h.latencies = h.latencies[:0]
	h.mu.Unlock()
	end := time.NewTimer(sliceLength)
	<-end.C
	h.mu.Lock()
	seen = slices.Sorted(slices.Values(h.latencies))
	h.mu.Unlock()
	if len(seen) == 0 {
		t.Fatal("the healthy clients receive nothing")
	}
	return seen, activeStreams(t, h.gateway)
}

// p99 returns the 99th percentile of slices taken together.
func p99(all []slice) time.Duration {
	pool := slices.Concat(all...)
	slices.Sort(pool)
	return pool[len(pool)*99/100]
}

// worseHalf returns the half of the slices that has the greater 99th percentiles.
func worseHalf(all []slice) []slice {
	byP99 := slices.SortedFunc(slices.Values(all), func(a, b slice) int { return cmp.Compare(p99([]slice{a}), p99([]slice{b})) })
	return byP99[len(byP99)/2:]
}

// harm is what some clients do to a gateway, once.
type harm struct {
	prepare func(t *testing.T)     // before it; nil: nothing
	strike  func(t *testing.T)     // after which the others must not notice
	over    func(streams int) bool // whether the gateway is done with those who do it; nil: at any time
	verify  func(t *testing.T)     // what becomes of those who did it; nil: nothing
	slices  int                    // that are measured at least
}

// unharmed demands that the healthy clients do not notice.
func (h *healthy) unharmed(t *testing.T, inflict func() harm) {
	t.Helper()
	var quiet, harmed []slice
	for turn := 1; ; turn++ {
		q, d := h.turn(t, inflict())
		quiet, harmed = append(quiet, q...), append(harmed, d...)
		before, spread, during := p99(quiet), p99(worseHalf(quiet)), p99(harmed)
		t.Logf("turn %d: p99 of the others %v in %d quiet slices, %v in the worse half of them, %v in %d slices with harm",
			turn, before, len(quiet), spread, during, len(harmed))
		unnoticed := during <= max(time.Duration(worstRatio*float64(before)), spread) ||
			raceDetector // it multiplies what the harm costs the processor
		switch {
		case unnoticed && turn >= leastTurns:
			return
		case turn == mostTurns:
			t.Errorf("p99 of the others rose from %v to %v: more than a tenth, and more than to the %v of the worse half of the quiet slices", before, during, spread)
			return
		}
	}
}

// turn measures as much quiet as harm is expected to last, and then the harm from its beginning until it is over.
func (h *healthy) turn(t *testing.T, x harm) (quiet, harmed []slice) {
	t.Helper()
	for range x.slices {
		seen, _ := h.next(t)
		quiet = append(quiet, seen)
	}
	if x.prepare != nil {
		x.prepare(t)
		runtime.GC() // what it left is not the harm's
	}
	x.strike(t)
	deadline := time.Now().Add(gatewaytest.Patience)
	for over := false; !over || len(harmed) < x.slices; {
		if time.Now().After(deadline) {
			t.Fatal("the gateway does not get rid of the clients that do harm")
		}
		seen, streams := h.next(t)
		harmed = append(harmed, seen)
		over = x.over == nil || x.over(streams)
	}
	if x.verify != nil {
		x.verify(t)
	}
	return quiet, harmed
}
