package subscription_test

import (
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestLatestSendsSnapshotThenEveryChange(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		s.expect("subscribed", "A@1!")
		a.quote()
		pass(0)
		s.expect("A@2")
		a.quotes(3) // gathered while the worker sleeps, or sent one by one
		pass(0)
		var count uint64
		for _, m := range s.take() {
			for _, u := range m.updates {
				count += 1 + u.conflated
			}
		}
		if count != 3 {
			t.Errorf("%d events were delivered or conflated, want 3", count)
		}
	})
}

func TestLatestConflatesOnlyWhileTheTransportIsBusy(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(latest, "A")
		for range 4 {
			a.quote()
			pass(time.Millisecond)
		}
		s.expect("subscribed", "A@1!")
		s.drain()
		s.expect("A@5+3")
		s.drain()
		s.expect()
	})
}

func TestIntervalSendsAtMostOneUpdatePerInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(every(100*time.Millisecond), "A")
		s.expect("subscribed", "A@1!")
		for range 100 {
			a.quote()
			pass(10 * time.Millisecond)
		}
		updates, last := 0, time.Time{}
		for _, m := range s.take() {
			updates += len(m.updates)
			if apart := m.at.Sub(last); apart < 100*time.Millisecond {
				t.Errorf("two updates %v apart", apart)
			}
			last = m.at
		}
		if updates < 9 || updates > 10 {
			t.Errorf("%d updates in a second at an interval of 100ms", updates)
		}
		pass(100 * time.Millisecond)
		s.take()
		pass(time.Second)
		s.expect() // nothing happened since
	})
}

func TestIntervalSitsOutWhileBusy(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(every(100*time.Millisecond), "A")
		s.expect("subscribed", "A@1!")
		a.quote()
		pass(150 * time.Millisecond)
		s.leave(2)
		pass(time.Millisecond)
		s.expect() // it waits for its moment
		a.quote()
		pass(100 * time.Millisecond)
		s.expect("A@3+1")
	})
}

func TestNoneSendsEveryEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(none, "A")
		a.quotes(5)
		s.drain()
		s.expect("subscribed", "A@1!", "A@2, A@3, A@4, A@5, A@6")
	})
}

func TestNoneLappedIsToldHowManyAreGone(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(none, "A")
		s.expect("subscribed", "A@1!")
		a.quotes(10)
		a.lose(5)
		a.quotes(63) // the ring keeps 63
		s.drain()
		first := s.take()
		if got := first[0].String(); got != "gap A 2-16 missing 10 reason 2" {
			t.Errorf("first came %s", got)
		}
		if got := first[1].String(); got != "gap A 2-16 missing 5 reason 1" { // what the feed has lost is told by itself: its values may not be made good
			t.Errorf("second came %s", got)
		}
		if got := first[2].updates; len(got) != 63 || got[0].record.Sequence != 17 {
			t.Errorf("then came %s", first[2])
		}
	})
}

func TestFeedGapIsToldBeforeTheUpdate(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		latestStream, noneStream := g.attachSlow(g.hub.NewConn()), g.attachSlow(g.hub.NewConn())
		latestStream.subscribe(latest, "A")
		noneStream.subscribe(none, "A")
		a.quote()
		a.lose(3)
		a.quote()
		a.quote()
		latestStream.drain()
		noneStream.drain()
		latestStream.expect("subscribed", "A@1!", "gap A 2-6 missing 3 reason 1", "A@7+2")
		noneStream.expect("subscribed", "A@1!", "A@2", "gap A 3-5 missing 3 reason 1", "A@6, A@7")
	})
}

func TestKindsThatAreNotWantedCountAsConflated(t *testing.T) {
	for _, policy := range []subscription.Conflation{latest, none, every(10 * time.Millisecond)} {
		inBubble(t, func(t *testing.T, g *gateway) {
			a := g.listed("A")
			s := g.attach(g.hub.NewConn())
			s.request(subscription.Request{Symbol: s.acquire("A"), Conflation: policy, Kinds: subscription.Trades})
			s.expect("subscribed", "A@1!")
			for range 3 {
				a.quote()
				pass(20 * time.Millisecond)
			}
			s.expect()
			a.trade()
			pass(20 * time.Millisecond)
			got := s.take()
			if len(got) != 1 || got[0].String() != "A@5+3" || got[0].updates[0].changed&tick.ChangedQuote != 0 {
				t.Errorf("received %v", got)
			}
		})
	}
}

func TestSetConflation(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(every(time.Second), "A")
		a.quote()
		s.setConflation(a, latest)
		s.expect("subscribed", "A@1!", "set", "A@2")
		a.quote()
		pass(0)
		s.expect("A@3")
		s.setConflation(a, none)
		a.quotes(2)
		pass(0)
		s.setConflation(a, every(time.Second))
		a.quotes(2)
		pass(0)
		for _, m := range s.take() {
			for _, u := range m.updates {
				if u.record.Sequence > 5 {
					t.Errorf("%s was sent before it was due", u)
				}
			}
		}
		pass(2 * time.Second)
		s.expect("A@7+1")
	})
}

// What was ready under LATEST was sent at once, although the interval since the last update had not passed.
func TestSetConflationToIntervalSendsNothingOffTheSchedule(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(latest, "A")
		a.quote()
		pass(0)
		s.setConflation(a, every(time.Second))
		s.expect("subscribed", "A@1!", "set")
		s.drain()
		pass(500 * time.Millisecond)
		s.expect()
		pass(time.Second)
		s.expect("A@2")
	})
}

func TestSubscribeAgainSendsSnapshotOfTheNewKinds(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		a.trade()
		pass(0)
		s.request(subscription.Request{Symbol: s.acquire("A"), Conflation: none, Kinds: subscription.Trades})
		s.expect("subscribed", "A@1!", "A@2", "subscribed", "A@2!")
		a.quote()
		pass(0)
		s.expect()
		if n := g.hub.Stats().Subscriptions; n != 1 {
			t.Errorf("%d subscriptions, want 1", n)
		}
	})
}

func TestUnsubscribeIsSilent(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a, b := g.listed("A"), g.listed("B")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(latest, "A", "B")
		a.quote()
		b.quote()
		pass(0)
		s.unsubscribe(a)
		a.quote()
		s.drain()
		g.tell(stale, a)
		pass(time.Second)
		s.expect("subscribed", "A@1!, B@1!", "unsubscribed", "B@2")
	})
}

func TestUnsubscribeAll(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		g.listed("B")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A", "B", "NOT SENT YET")
		s.execute(func() {
			if n := s.session.UnsubscribeAll(); n != 3 || s.session.Subscribed() != 0 {
				t.Errorf("%d removed, %d left, want 3 and 0", n, s.session.Subscribed())
			}
			if s.session.Unsubscribe(a.symbol) || s.session.SetConflation(a.symbol, none) {
				t.Error("a symbol that is not subscribed is said to be")
			}
		})
		s.take()
		a.quote()
		pass(time.Second)
		s.expect()
		if got := g.hub.Stats(); got.Subscriptions != 0 || got.Pending != 0 {
			t.Errorf("%d subscriptions, %d pending, want none", got.Subscriptions, got.Pending)
		}
	})
}

func TestGrant(t *testing.T) {
	tableConfig, config := defaults()
	config.MinInterval = 10 * time.Millisecond
	table, err := subscription.NewTable(tableConfig)
	if err != nil {
		t.Fatal(err)
	}
	hub, err := subscription.NewHub(table, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ wish, want subscription.Conflation }{
		{subscription.Conflation{}, latest},
		{subscription.Conflation{Policy: 77, Interval: time.Second}, latest},
		{subscription.Conflation{Policy: subscription.PolicyLatest, Interval: time.Second}, latest},
		{subscription.Conflation{Policy: subscription.PolicyNone, Interval: time.Second}, none},
		{every(time.Second), every(time.Second)},
		{every(-1), every(10 * time.Millisecond)},
		{every(time.Hour), every(time.Minute)},
	} {
		if got := hub.Grant(c.wish); got != c.want {
			t.Errorf("Grant(%v) = %v, want %v", c.wish, got, c.want)
		}
	}
}
