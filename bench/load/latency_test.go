package load

import (
	"errors"
	"testing"
	"time"

	"tickgate/bench/figure"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestLatencyCountsEventsThatWereConflatedAway: an event is received when a value at least as new is, so that conflating does not make a system quicker.
func TestLatencyCountsEventsThatWereConflatedAway(t *testing.T) {
	const ms = int64(time.Millisecond)
	s := &symbol{first: 1, times: []int64{0, 10 * ms, 20 * ms, 30 * ms, 40 * ms}} // events 1 to 5
	for _, c := range []struct {
		name         string
		passed       passed
		counts       int64
		least, worst int64 // us
	}{
		{"each on its own", passed{from: 2, to: 3}, 1, 35_000, 35_000},
		{"three in one", passed{from: 1, to: 4}, 3, 25_000, 45_000},
		{"one in two is followed", passed{from: 1, to: 5, every: 2}, 2, 25_000, 45_000},
		{"none of those that are followed", passed{from: 2, to: 3, every: 4}, 0, 0, 0},
		{"the generator's own subscription is behind: the last one's time stands for the others", passed{from: 5, to: 7}, 2, 25_000, 25_000},
	} {
		var h figure.Histogram
		lastAt := 30 * ms
		if c.passed == (passed{from: 2, to: 3}) {
			lastAt = 20 * ms
		}
		s.recordLatencies(&h, c.passed, lastAt, 55*ms)
		if h.Count() != c.counts {
			t.Errorf("%s: %d latencies, want %d", c.name, h.Count(), c.counts)
			continue
		}
		if c.counts == 0 {
			continue
		}
		if got := h.Percentiles(); !near(got.Max, c.worst) || !near(h.HDR().Min(), c.least) {
			t.Errorf("%s: %d to %d us, want %d to %d", c.name, h.HDR().Min(), got.Max, c.least, c.worst)
		}
	}
	var owed figure.Histogram
	s.recordOwed(&owed, 2, 1, 35*ms) // events 3 and 4; 5 comes later
	if got := owed.Percentiles(); owed.Count() != 2 || !near(got.Max, 15_000) {
		t.Errorf("%d events are owed, the oldest for %d us; want 2 and 15,000", owed.Count(), got.Max)
	}
}

func near(got, want int64) bool { return got-want < want/100+2 && want-got < want/100+2 }

// TestStaleValuesAreNoticed: a value that is not the feed's last is wrong, said to be stale or not.
func TestStaleValuesAreNoticed(t *testing.T) {
	s := newTestStream(t, []string{"A", "B"}, 2, 0)
	take(t, s, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: &tickgatev1.SubscribeResult{
		Accepted: []*tickgatev1.Instrument{{Symbol: "A", Id: 1}, {Symbol: "B", Id: 2}},
	}}})
	take(t, s, batch(&tickgatev1.Update{InstrumentId: 1, Sequence: 1}, &tickgatev1.Update{InstrumentId: 2, Sequence: 1}))
	state := func(symbol string, state tickgatev1.MarketState) {
		take(t, s, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_State{State: &tickgatev1.State{Symbol: symbol, State: state}}})
	}
	state("", tickgatev1.MarketState_MARKET_STATE_STALE)
	state("B", tickgatev1.MarketState_MARKET_STATE_LIVE)
	for i := range s.run.truth.symbols {
		s.run.truth.symbols[i].first, s.run.truth.symbols[i].times = 1, []int64{1, 2}
	}
	s.shard.begin(0)
	state("A", tickgatev1.MarketState_MARKET_STATE_STALE)
	var v figure.Verdict
	s.compare(&v, func(string, ...any) {})
	if v.Wrong != 2 || v.Stale != 1 || s.shard.window.StaleTold != 1 {
		t.Errorf("%d wrong, %d of them stale, told %d times; want 2, 1, 1", v.Wrong, v.Stale, s.shard.window.StaleTold)
	}
}

// TestStreamsAddUpToWhatWasPublished: without a subscription of the generator's own, streams must agree, and hold the last event of each symbol.
func TestStreamsAddUpToWhatWasPublished(t *testing.T) {
	one := newTestStream(t, []string{"A", "B"}, 2, 0)
	two := one.run.newStream(0)
	one.run.streams = []*Stream{one, two}
	for _, s := range one.run.streams {
		s.held[0], s.held[1] = held{sequence: 7}, held{sequence: 5}
	}
	for _, c := range []struct {
		name      string
		published uint64
		change    func()
		wrong     int
	}{
		{"all there", 12, func() {}, 0},
		{"an event is missing", 13, func() {}, 1},
		{"a stream is behind", 12, func() { two.held[0].sequence = 6 }, 1},
		{"a value differs", 12, func() { two.held[0] = held{sequence: 7, quote: quote{bidPrice: 1}} }, 1},
	} {
		c.change()
		if v := one.run.compareSum(c.published); v.Wrong != c.wrong || v.Lost != 0 {
			t.Errorf("%s: %d wrong and %d lost, want %d and 0: %v", c.name, v.Wrong, v.Lost, c.wrong, v.First)
		}
	}
}

// TestCutReadersFailTheRunUnlessTheyMayBeCut: those that hang may always be.
func TestCutReadersFailTheRunUnlessTheyMayBeCut(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		name       string
		hung, slow bool
		mayCut     bool
		fails      bool
	}{
		{"a good reader", false, false, true, true},
		{"one that hangs", true, false, false, false},
		{"a slow one", false, true, false, true},
		{"a slow one that may be cut", false, true, true, false},
	} {
		s := newTestStream(t, []string{"A"}, 1, 0)
		s.hung, s.slow, s.Plan.MayCut = c.hung, c.slow, c.mayCut
		s.Lost(gone)
		if fails := s.ended != nil; fails != c.fails || s.cut == c.fails {
			t.Errorf("%s: ended with %v, cut: %t", c.name, s.ended, s.cut)
		}
	}
}
