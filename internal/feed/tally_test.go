package feed_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"pgregory.net/rapid"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/testlink"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// count sends a heartbeat that says how many events the publisher has numbered, half a second after the one before.
func (r *rig) count(publisher string, epoch, events uint64) {
	r.pass(500 * time.Millisecond)
	beat := bus.AppendHeartbeat(nil, publisher, epoch, tick.Time(r.now.UnixNano()))
	r.in.Apply(r.subjects.Heartbeat(publisher), bus.AppendEventCount(beat, events), r.now)
}

// counted is a rig that has got two events of A and one of B, of four that its publisher has numbered: one was before it was there. Its publisher's counts are known.
func counted(t *testing.T) *rig {
	t.Helper()
	r := connected(t)
	r.in.WarmStart(nil, r.now)
	r.send("p", "A", quote(1, 2))
	r.send("p", "B", quote(1, 1))
	r.count("p", 1, 3)
	r.count("p", 1, 3)
	r.send("p", "A", quote(1, 3))
	r.count("p", 1, 4)
	return r
}

// TestLastEventOfASymbolIsLost: nothing of the symbol comes any more, its publisher lives, and its value was said to be live for ever.
func TestLastEventOfASymbolIsLost(t *testing.T) {
	r := counted(t)
	r.send("p", "A", quote(1, 4)) // B's second event is lost
	r.count("p", 1, 6)
	r.wantState("B", subscription.FeedLive) // it may be on its way
	r.pass(100 * time.Millisecond)
	r.send("p", "A", quote(1, 5))
	r.count("p", 1, 7)
	r.wantState("B", subscription.BusLost)
	r.wantState("A", subscription.FeedLive) // something has come since
	if !r.in.TakeLoss() || r.in.TakeLoss() {
		t.Error("want the loss reported once")
	}
	if s := r.stats(); s.Untold != 1 {
		t.Errorf("%d events lost, want 1", s.Untold)
	}
	r.count("p", 1, 7)
	if r.in.TakeLoss() {
		t.Error("the same loss is reported again")
	}
}

// TestLossIsMended in each way that there is.
func TestLossIsMended(t *testing.T) {
	for _, test := range []struct {
		name string
		mend func(*rig)
		want subscription.StateReason
	}{
		{"by the stream", func(r *rig) { r.in.WarmStart([]feed.Stored{r.stored("p", "B", quote(1, 2))}, r.now) }, subscription.FeedLive},
		{"not by a stream that does not have it either", func(r *rig) { r.in.WarmStart([]feed.Stored{r.stored("p", "B", quote(1, 1))}, r.now) }, subscription.BusLost},
		{"by the symbol's next event", func(r *rig) { r.send("p", "B", quote(1, 3)) }, subscription.FeedLive},
		{"by another symbol's hole, which it turns out to be", func(r *rig) { r.send("p", "A", quote(1, 5)); r.count("p", 1, 6) }, subscription.FeedLive},
		{"by a new epoch and its event", func(r *rig) { r.send("p", "B", quote(2, 1)) }, subscription.FeedLive},
		{"by a new connection", func(r *rig) {
			r.in.Disconnected(r.now)
			r.in.Connected()
			r.in.WarmStart([]feed.Stored{r.stored("p", "B", quote(1, 1))}, r.now)
			r.heartbeat("p", 1)
		}, subscription.FeedLive},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := counted(t)
			r.count("p", 1, 5)
			r.count("p", 1, 5)
			r.wantState("A", subscription.BusLost)
			r.wantState("B", subscription.BusLost)
			test.mend(r)
			r.wantState("B", test.want)
		})
	}
}

// TestNothingIsLost although a count differs from what has come.
func TestNothingIsLost(t *testing.T) {
	for _, test := range []struct {
		name   string
		happen func(*rig) (counted uint64)
	}{
		{"an event comes behind the heartbeat that counts it", func(r *rig) uint64 { r.count("p", 1, 5); r.send("p", "A", quote(1, 4)); return 5 }},
		{"an event comes before the heartbeat that does not", func(r *rig) uint64 { r.send("p", "A", quote(1, 4)); r.count("p", 1, 4); return 5 }},
		{"a hole", func(r *rig) uint64 { r.send("p", "A", quote(1, 6)); return 7 }},
		{"duplicates", func(r *rig) uint64 { r.send("p", "A", quote(1, 3)); r.send("p", "A", quote(1, 2)); return 4 }},
		{"a new symbol, late", func(r *rig) uint64 { r.send("p", "C", quote(1, 3)); return 7 }},
		{"a symbol that another publisher has taken over", func(r *rig) uint64 { r.send("q", "B", quote(2, 1)); r.send("p", "B", quote(1, 2)); return 5 }},
		{"a message that cannot be read", func(r *rig) uint64 { r.in.Apply("md.quote.A", []byte{1}, r.now); return 5 }},
		{"an event that does not fit, and one that does", func(r *rig) uint64 {
			broken := quote(1, 4)
			broken.Scales.Price, broken.Quote.BidPrice = 0, tick.Some(1<<62)
			r.send("p", "A", broken)
			r.send("p", "A", quote(1, 5))
			return 6
		}},
		{"another process of that name", func(*rig) uint64 { return 1 }},
		{"a new epoch", func(r *rig) uint64 {
			r.send("p", "A", quote(2, 1))
			r.send("p", "B", quote(2, 1))
			r.count("p", 2, 100)
			return 100
		}},
		{"the stream was ahead", func(r *rig) uint64 {
			r.in.WarmStart([]feed.Stored{r.stored("p", "A", quote(1, 5)), r.stored("p", "C", quote(1, 2))}, r.now)
			r.send("p", "A", quote(1, 4))
			r.send("p", "A", quote(1, 5))
			r.send("p", "C", quote(1, 2))
			return 8
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := counted(t)
			count := test.happen(r)
			epoch := r.latest("A").Epoch
			for range 4 {
				r.heartbeat("q", 2)
				r.count("p", epoch, count)
			}
			r.heartbeat("q", 2)
			if r.in.TakeLoss() || r.stats().Untold != 0 {
				t.Error("a loss is reported")
			}
			r.wantState("A", subscription.FeedLive)
			r.wantState("B", subscription.FeedLive)
		})
	}
}

// TestNoSymbolIsLiveWithAnOldValue, whatever is lost and found, two heartbeats later; and where nothing is lost none is doubted.
func TestNoSymbolIsLiveWithAnOldValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := connected(t)
		r.in.WarmStart(nil, r.now)
		sent, total, lost := make(map[string]uint64), uint64(0), false
		publish := func(symbol string, arrives bool) {
			sent[symbol]++
			total++
			if arrives {
				r.send("p", symbol, quote(1, sent[symbol]))
			}
		}
		for _, symbol := range []string{"A", "B", "C"} {
			publish(symbol, true)
		}
		r.count("p", 1, total)
		r.count("p", 1, total)
		stored := func() (all []feed.Stored) {
			for symbol, sequence := range sent {
				all = append(all, r.stored("p", symbol, quote(1, sequence)))
			}
			return all
		}
		t.Repeat(map[string]func(*rapid.T){
			"arrives": func(t *rapid.T) { publish(someSymbol.Draw(t, "symbol"), true) },
			"is lost": func(t *rapid.T) { publish(someSymbol.Draw(t, "symbol"), false); lost = true },
			"beat":    func(*rapid.T) { r.count("p", 1, total) },
			"pass":    func(*rapid.T) { r.pass(50 * time.Millisecond) },
			"read":    func(*rapid.T) { r.in.WarmStart(stored(), r.now) },
		})
		r.count("p", 1, total)
		r.count("p", 1, total)
		r.count("p", 1, total)
		for symbol, sequence := range sent {
			reason := r.table.Lookup(symbol).State().Reason
			if r.latest(symbol).Sequence < sequence && reason == subscription.FeedLive || !lost && reason != subscription.FeedLive {
				t.Errorf("%s has %d of %d, for reason %d", symbol, r.latest(symbol).Sequence, sequence, reason)
			}
		}
	})
}

// TestServerDropsForASlowGateway: a NATS server that does not stall publishers drops what is for a client that is three quarters of its limit behind, and tells nobody. When that was the last event of
// a symbol the gateway showed the one before it as live for ever. Now the publisher's count tells, and the stream has the value.
func TestServerDropsForASlowGateway(t *testing.T) {
	const (
		quiet, busy = 0, 1
		pending     = 1 << 20
		flood       = 48 << 20 // more than the buffers of the kernel hold
	)
	nats := natstest.Start(t, server.Options{NoFastProducerStall: true, MaxPending: pending, JetStream: true, StoreDir: t.TempDir()})
	v := newVenue(t, nats.ClientURL(), 2)
	ensureStream(t, v.connection, v.subjects)
	way := testlink.New(t, nats.Addr().String())
	r := run(t, bus.Connection{URL: "nats://" + way.Address()}, nil)
	r.waitReady(t)
	v.sendAll()
	v.flush()
	defer v.keepBeating()()
	eventually(t, 5*time.Second, "both are live", func() bool {
		return r.reason(symbolName(quiet)) == subscription.FeedLive && r.reason(symbolName(busy)) == subscription.FeedLive
	})
	awaitBeats(t, r, 3) // since then the counts are known

	way.Freeze()
	ballast := bytes.Repeat([]byte("x"), 64<<10)
	for range flood / len(ballast) {
		if err := v.connection.Publish(v.subjects.Heartbeat("ballast"), ballast); err != nil {
			t.Fatal(err)
		}
	}
	v.send(quiet)
	v.flush()
	way.Thaw()
	eventually(t, 5*time.Second, "the loss is told", func() bool { return r.reason(symbolName(quiet)) == subscription.BusLost })
	eventually(t, 10*time.Second, "the last value is read", func() bool {
		return r.latest(symbolName(quiet)).Sequence == v.sequences[quiet].Load() && r.reason(symbolName(quiet)) == subscription.FeedLive
	})
	if s := r.Stats(); s.Untold == 0 || s.Reconnects != 0 || s.BusDropped != 0 {
		t.Errorf("%+v, want a loss that only the server knows of", s)
	}
}

func awaitBeats(t *testing.T, r *running, more uint64) {
	t.Helper()
	before := r.Stats().Heartbeats
	eventually(t, 5*time.Second, "heartbeats", func() bool { return r.Stats().Heartbeats >= before+more })
}
