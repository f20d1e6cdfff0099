package gateway_test

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// How it is judged that some clients do not harm others. A machine that does other things as well is never quiet, so it is measured how quiet it was: slices of quiet and
// slices of harm take turns, and those of harm go on until the gateway is done with whoever does it. What is the same for every client, opening a connection and closing it, is
// over before either begins, since both ends of it are in this process. A slice in which other processes used the processors more than they usually did while it was quiet
// tells nothing about the gateway, and is left out, with or without harm; on a machine of its own none is.
//
// The 99th percentile of all harmed slices together may be a tenth more than that of all quiet ones together, or as much as that of the worse half of the quiet slices: what the
// machine does without any harm. The healthy clients get an event all in the same moment, so it is the worst hundredth of the events that counts: of the 250 in a turn, not of
// 100, of which it were the worst one. As long as it is more, or too little is left, another turn, with new harm, is measured and added, up to eight in all. If it is more after that, the harm was noticed.
// Where other processes used the processors all the time it still may be they: then it was noticed if it was more in every single turn, which chance brings about once in 256
// times.
const (
	healthyClients = 50
	sliceLength    = 250 * time.Millisecond
	turnSlices     = 10 // of quiet, and of harm at least
	leastSlices    = 8  // of quiet, and of harm, that tell something
	mostTurns      = 8
	worstRatio     = 1.1
	disturbance    = 0.2 // processors more for others than usual
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

// slice is a slice of time.
type slice struct {
	latencies []time.Duration // of all healthy clients, sorted
	others    float64         // processors that worked for other processes
}

// next returns the slice of time that begins now, and how many streams there are at its end. So the gateway's metrics are asked for, in quiet and in harm.
func (h *healthy) next(t *testing.T) (seen slice, streams int) {
	t.Helper()
	h.mu.Lock()
	h.latencies = h.latencies[:0]
	h.mu.Unlock()
	began, before := time.Now(), measureProcessors()
	end := time.NewTimer(sliceLength)
	<-end.C
	seen.others = measureProcessors().othersSince(before, time.Since(began))
	h.mu.Lock()
	seen.latencies = slices.Sorted(slices.Values(h.latencies))
	h.mu.Unlock()
	if len(seen.latencies) == 0 {
		t.Fatal("the healthy clients receive nothing")
	}
	return seen, activeStreams(t, h.gateway)
}

// p99 returns the 99th percentile of slices taken together.
func p99(all []slice) time.Duration {
	var pool []time.Duration
	for _, s := range all {
		pool = append(pool, s.latencies...)
	}
	slices.Sort(pool)
	return pool[len(pool)*99/100]
}

// worst returns the greatest latency of all.
func worst(all []slice) (most time.Duration) {
	for _, s := range all {
		most = max(most, s.latencies[len(s.latencies)-1])
	}
	return most
}

// worseHalf returns the half of the slices that has the greater 99th percentiles.
func worseHalf(all []slice) []slice {
	byP99 := slices.SortedFunc(slices.Values(all), func(a, b slice) int { return cmp.Compare(p99([]slice{a}), p99([]slice{b})) })
	return byP99[len(byP99)/2:]
}

// usualOthers returns what other processes used in half of the slices at most.
func usualOthers(quiet []slice) float64 {
	byOthers := slices.SortedFunc(slices.Values(quiet), func(a, b slice) int { return cmp.Compare(a.others, b.others) })
	return byOthers[len(byOthers)/2].others
}

// undisturbed leaves out the slices in which other processes used more than usual.
func undisturbed(all []slice, usual float64) (left []slice) {
	for _, s := range all {
		if s.others <= usual+disturbance {
			left = append(left, s)
		}
	}
	return left
}

// harm is what some clients do to a gateway, once.
type harm struct {
	prepare func(t *testing.T)     // before it: who does it connects as others do
	strike  func(t *testing.T)     // after which the others must not notice
	over    func(streams int) bool // whether the gateway is done with those who do it; nil: at any time
	// What becomes of those who did it, where the others waited so long at worst meanwhile; nil: nothing.
	verify func(t *testing.T, worst time.Duration)
}

// turn is slices of quiet and those of harm that followed.
type turn struct{ quiet, harmed []slice }

// noticed reports whether the harm was more than a tenth, by all slices of the turn.
func (t turn) noticed() bool { return float64(p99(t.harmed)) > worstRatio*float64(p99(t.quiet)) }

// judgement is what all turns so far have come to.
type judgement struct {
	turns                  []turn
	usual                  float64 // processors for others
	quiet, harmed          []slice // that tell something
	before, spread, during time.Duration
}

func judgeTurns(turns []turn) judgement {
	j := judgement{turns: turns}
	for _, t := range turns {
		j.quiet, j.harmed = append(j.quiet, t.quiet...), append(j.harmed, t.harmed...)
	}
	j.usual = usualOthers(j.quiet)
	if left := undisturbed(j.harmed, j.usual); len(left) > 0 {
		j.harmed = left
	}
	j.quiet = undisturbed(j.quiet, j.usual)
	j.before, j.spread, j.during = p99(j.quiet), p99(worseHalf(j.quiet)), p99(j.harmed)
	return j
}

// unnoticed reports whether the harm is within a tenth, or within what the machine does by itself.
func (j judgement) unnoticed() bool {
	return j.during <= max(time.Duration(worstRatio*float64(j.before)), j.spread) ||
		raceDetector // it multiplies what the harm costs the processor
}

// busy reports whether other processes have used the processors all the time, or left too little to judge by.
func (j judgement) busy() bool {
	return j.usual > disturbance || min(len(j.quiet), len(j.harmed)) < leastSlices
}

func (j judgement) noticedEveryTime() bool {
	return !slices.ContainsFunc(j.turns, func(t turn) bool { return !t.noticed() })
}

// tolerable reports whether the harm is not taken for noticed when there were turns enough.
func (j judgement) tolerable() bool {
	return j.unnoticed() || j.busy() && !j.noticedEveryTime()
}

func (j judgement) String() string {
	return fmt.Sprintf("p99 of the others %v in %d quiet slices, %v in the worse half of them, %v in %d slices with harm, with %.1f processors for other processes",
		j.before, len(j.quiet), j.spread, j.during, len(j.harmed), j.usual)
}

// unharmed demands that the healthy clients do not notice.
func (h *healthy) unharmed(t *testing.T, inflict func() harm) {
	t.Helper()
	var turns []turn
	for {
		x := inflict()
		turns = append(turns, h.turn(t, x))
		j := judgeTurns(turns)
		t.Logf("turn %d: %v", len(turns), j)
		switch {
		case j.unnoticed() && (raceDetector || min(len(j.quiet), len(j.harmed)) >= leastSlices):
			return
		case len(turns) < mostTurns:
		case j.tolerable():
			return
		default:
			t.Errorf("p99 of the others rose from %v to %v: more than a tenth, and more than to the %v of the worse half of the quiet slices", j.before, j.during, j.spread)
			return
		}
	}
}

// settle waits until what was opened, closed and computed before has been done with: neither quiet nor harm is to have it.
func (h *healthy) settle(t *testing.T) {
	t.Helper()
	runtime.GC()
	h.next(t)
}

// turn measures as much quiet as harm is expected to last, and then the harm from its beginning until it is over.
func (h *healthy) turn(t *testing.T, x harm) (seen turn) {
	t.Helper()
	h.settle(t)
	for range turnSlices {
		quiet, _ := h.next(t)
		seen.quiet = append(seen.quiet, quiet)
	}
	x.prepare(t)
	h.settle(t)
	x.strike(t)
	deadline := time.Now().Add(gatewaytest.Patience)
	for over := false; !over || len(seen.harmed) < turnSlices; {
		if time.Now().After(deadline) {
			t.Fatal("the gateway does not get rid of the clients that do harm")
		}
		harmed, streams := h.next(t)
		seen.harmed = append(seen.harmed, harmed)
		over = x.over == nil || x.over(streams)
	}
	if x.verify != nil {
		x.verify(t, worst(seen.harmed))
	}
	return seen
}
