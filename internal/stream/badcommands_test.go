package stream_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestSubscribeTwiceSendsASecondSnapshot(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	m.quote(1)
	m.trade(2, 3)
	c := g.open()
	for id := uint64(1); id <= 2; id++ {
		c.subscribe(id, "A")
		if result := c.receive().GetSubscribeResult(); result.GetRequestId() != id || len(result.GetAccepted()) != 1 {
			t.Fatalf("got %v", result)
		}
		if u := c.receive().GetBatch().GetUpdates(); len(u) != 1 || !u[0].GetSnapshot() || u[0].GetSequence() != 2 {
			t.Fatalf("got %v, want the snapshot", u)
		}
	}
	c.send(unsubscribe(3, "A"))
	if removed := c.answer().GetUnsubscribeResult().GetRemovedCount(); removed != 1 {
		t.Errorf("%d removed, want 1", removed)
	}
	c.send(unsubscribe(4, "A"))
	checkRejected(t, c.answer().GetUnsubscribeResult().GetRejected()[0], "A", notSubscribed)
}

func TestUnsubscribeTheUnknown(t *testing.T) {
	g := newGate(t, nil)
	g.market("KNOWN").quote(1)
	c := g.open()
	c.send(unsubscribe(1, "KNOWN", "UNKNOWN", "\x00", "KNOWN"))
	result := c.answer().GetUnsubscribeResult()
	if len(result.GetRemoved()) != 0 || len(result.GetRejected()) != 3 || result.GetRemovedCount() != 0 {
		t.Fatalf("got %v, want three rejected", result)
	}
	c.send(setConflation(2, wish(none, 0), "KNOWN", "UNKNOWN", "\x00"))
	if result := c.answer().GetSetConflationResult(); result.GetChangedCount() != 0 || len(result.GetRejected()) != 3 {
		t.Fatalf("got %v, want three rejected", result)
	}
	c.send(unsubscribe(3))
	c.send(unsubscribeAll(4))
	for id := uint64(3); id <= 4; id++ {
		if result := c.answer().GetUnsubscribeResult(); result.GetRequestId() != id || result.GetRemovedCount() != 0 {
			t.Fatalf("got %v, want nothing removed", result)
		}
	}
	c.lives()
}

func TestGrantedConflation(t *testing.T) {
	g := newGate(t, nil)
	g.market("A").quote(1)
	c := g.openUnjudged(g.connect(nil)) // the checker does not know policies that do not exist
	for i, tt := range []struct {
		name      string
		ask, want *tickgatev1.Conflation
	}{
		{"nothing", nil, wish(latest, 0)},
		{"unspecified", wish(0, 100), wish(latest, 0)},
		{"an unknown policy", wish(77, 100), wish(latest, 0)},
		{"a negative policy", wish(-1, 0), wish(latest, 0)},
		{"latest with an interval", wish(latest, 100), wish(latest, 0)},
		{"none with an interval", wish(none, 100), wish(none, 0)},
		{"interval", wish(interval, 100), wish(interval, 100)},
		{"interval of 0", wish(interval, 0), wish(latest, 0)},
		{"interval of -1", wish(interval, -1), wish(latest, 0)},
		{"least int64", wish(interval, -1<<63), wish(latest, 0)},
		{"interval of 10^9", wish(interval, 1e9), wish(interval, 60_000)},
		{"greatest int64", wish(interval, 1<<63-1), wish(interval, 60_000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := uint64(i)
			c.send(subscribe(id, &tickgatev1.Subscribe{Symbols: []string{"A"}, Conflation: tt.ask}))
			if got := c.answer().GetSubscribeResult().GetConflation(); !proto.Equal(got, tt.want) {
				t.Errorf("Subscribe granted %v, want %v", got, tt.want)
			}
			c.send(setConflation(id, tt.ask))
			if got := c.answer().GetSetConflationResult(); !proto.Equal(got.GetConflation(), tt.want) || got.GetChangedCount() != 1 {
				t.Errorf("SetConflation granted %v, want %v for one symbol", got, tt.want)
			}
			c.send(list(id))
			if got := c.answer().GetSubscriptionList().GetSubscriptions(); len(got) != 1 || !proto.Equal(got[0].GetConflation(), tt.want) {
				t.Errorf("listed %v, want %v", got, tt.want)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	m.quote(1)
	m.trade(2, 3)
	m.status(1)
	c := g.open()
	const quote, trade, status = tickgatev1.Kind_KIND_QUOTE, tickgatev1.Kind_KIND_TRADE, tickgatev1.Kind_KIND_STATUS
	for i, tt := range []struct {
		name string
		ask  []tickgatev1.Kind
		want []tickgatev1.Kind
	}{
		{"none given", nil, []tickgatev1.Kind{quote, trade, status}},
		{"unknown ones alone", []tickgatev1.Kind{0, 77, -1}, []tickgatev1.Kind{quote, trade, status}},
		{"unknown and known", []tickgatev1.Kind{77, trade, trade}, []tickgatev1.Kind{trade}},
		{"two", []tickgatev1.Kind{status, quote}, []tickgatev1.Kind{quote, status}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.send(subscribe(uint64(i), &tickgatev1.Subscribe{Symbols: []string{"A"}, Kinds: tt.ask}))
			c.answer()
			u := c.receive().GetBatch().GetUpdates()
			if len(u) != 1 {
				t.Fatalf("got %v, want the snapshot", u)
			}
			c.send(list(uint64(i)))
			got := c.answer().GetSubscriptionList().GetSubscriptions()[0].GetKinds()
			if len(got) != len(tt.want) {
				t.Fatalf("listed %v, want %v", got, tt.want)
			}
			has := map[tickgatev1.Kind]bool{quote: u[0].Quote != nil, trade: u[0].Trade != nil, status: u[0].Status != nil}
			for j, kind := range tt.want {
				if got[j] != kind || !has[kind] {
					t.Errorf("listed %v with %v, want %v", got, u[0], tt.want)
				}
				delete(has, kind)
			}
			for kind, sent := range has {
				if sent {
					t.Errorf("%v was sent and is not subscribed", kind)
				}
			}
		})
	}
}

// TestBadResume: what cannot be resumed from is answered with a gap and a snapshot.
func TestBadResume(t *testing.T) {
	const many = 100 // more than the ring holds
	for _, tt := range []struct {
		name   string
		resume *tickgatev1.Resume
		gap    bool
	}{
		{"a foreign epoch", &tickgatev1.Resume{Symbol: "A", Epoch: 99, LastSequence: 5}, true},
		{"an epoch of 0", &tickgatev1.Resume{Symbol: "A", LastSequence: 5}, true},
		{"a sequence yet to come", &tickgatev1.Resume{Symbol: "A", Epoch: 1, LastSequence: many + 1}, true},
		{"the greatest sequence", &tickgatev1.Resume{Symbol: "A", Epoch: 1, LastSequence: 1<<64 - 1}, true},
		{"a sequence older than the ring", &tickgatev1.Resume{Symbol: "A", Epoch: 1, LastSequence: 1}, true},
		{"a symbol that was not asked for", &tickgatev1.Resume{Symbol: "B", Epoch: 1, LastSequence: 1}, false},
		{"no symbol", &tickgatev1.Resume{Symbol: "\x00", Epoch: 1, LastSequence: 1}, false},
	} {
		for _, policy := range []tickgatev1.ConflationPolicy{latest, interval, none} {
			t.Run(tt.name+" "+policy.String(), func(t *testing.T) {
				g := newGate(t, func(o *options) { o.table.RingDepth = 16 })
				m := g.market("A")
				for range many {
					m.vary(8)
				}
				c := g.open()
				c.send(subscribe(1, &tickgatev1.Subscribe{Symbols: []string{"A"}, Conflation: wish(policy, 10), Resume: []*tickgatev1.Resume{tt.resume}}))
				c.answer()
				next := c.receive()
				if gap := next.GetGap(); (gap.GetReason() == tickgatev1.GapReason_GAP_REASON_RESUME) != tt.gap {
					t.Fatalf("got %v, want a gap: %v", next, tt.gap)
				}
				if tt.gap {
					next = c.receive()
				}
				if u := next.GetBatch().GetUpdates(); len(u) != 1 || !u[0].GetSnapshot() || u[0].GetSequence() != many {
					t.Fatalf("got %v, want the snapshot", next)
				}
				c.lives()
			})
		}
	}
}

func TestResumeOfAPendingSymbol(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	c.send(subscribe(1, &tickgatev1.Subscribe{Symbols: []string{"A"}, Resume: []*tickgatev1.Resume{{Symbol: "A", Epoch: 1, LastSequence: 1}}}))
	checkPending(t, c.answer().GetSubscribeResult(), "A")
	g.market("A").quote(7)
	if gap := c.receive().GetGap(); gap.GetReason() != tickgatev1.GapReason_GAP_REASON_RESUME {
		t.Fatalf("got %v, want a gap", gap)
	}
	batch := c.receive().GetBatch()
	if len(batch.GetInstruments()) != 1 || len(batch.GetUpdates()) != 1 || !batch.GetUpdates()[0].GetSnapshot() {
		t.Fatalf("got %v, want the instrument and its snapshot", batch)
	}
}

func TestResumeSendsWhatIsMissing(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	for price := range int64(10) {
		m.quote(price)
	}
	for _, tt := range []struct {
		policy tickgatev1.ConflationPolicy
		want   int
	}{{latest, 1}, {none, 4}} {
		t.Run(tt.policy.String(), func(t *testing.T) {
			c := g.open()
			c.send(subscribe(1, &tickgatev1.Subscribe{
				Symbols: []string{"A"}, Conflation: wish(tt.policy, 0), Resume: []*tickgatev1.Resume{{Symbol: "A", Epoch: 1, LastSequence: 6}},
			}))
			c.answer()
			if u := c.receive().GetBatch().GetUpdates(); len(u) != tt.want || u[0].GetSnapshot() || u[len(u)-1].GetSequence() != 10 {
				t.Fatalf("got %v, want %d updates up to 10", u, tt.want)
			}
			c.lives()
		})
	}
}

func TestFreshnessIsClampedAndEchoed(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	for i, tt := range []struct{ ask, want int64 }{{0, 0}, {-1, 0}, {-1 << 63, 0}, {1, 50}, {1_000, 1_000}, {1e9, 60_000}, {1<<63 - 1, 60_000}} {
		c.send(setFreshness(uint64(i), tt.ask))
		if got := c.answer().GetFreshnessResult(); got.GetRequestId() != uint64(i) || got.GetMaxUnackedMs() != tt.want {
			t.Errorf("asked for %d ms, got %v, want %d ms", tt.ask, got, tt.want)
		}
	}
}
