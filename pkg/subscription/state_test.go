package subscription_test

import (
	"fmt"
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestStaleIsToldPromptlyInEveryLane(t *testing.T) {
	for _, policy := range []subscription.Conflation{latest, none, every(time.Minute)} {
		inBubble(t, func(t *testing.T, g *gateway) {
			a := g.listed("A")
			s := g.attach(g.hub.NewConn())
			s.subscribe(policy, "A")
			s.take()
			g.tell(stale, a)
			pass(0)
			s.expect("A stale")
			g.tell(stale, a)
			pass(time.Second)
			s.expect() // told already
		})
	}
}

// TestAnotherReasonIsTold: a silent feed that turns out to be a lost bus was not told, since both are stale.
func TestAnotherReasonIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		s.take()
		g.tell(&subscription.State{Market: subscription.Stale, Reason: subscription.FeedSilent}, a)
		pass(time.Second)
		s.expect("A stale")
		g.tell(&subscription.State{Market: subscription.Stale, Reason: subscription.BusLost}, a)
		pass(time.Second)
		s.expect("A stale")
	})
}

func TestOneMessageWhereAllShareTheState(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a, b, c := g.listed("A"), g.listed("B"), g.listed("C")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A", "B")
		s.take()
		g.tell(stale, a, b)
		pass(time.Second)
		s.expect("all stale")
		g.tell(live, a, b)
		pass(time.Second)
		s.expect("all live")
		g.tell(stale, a)
		pass(time.Second)
		s.expect("A stale")
		// Two of three that know, and one that knows already: still one message.
		s.subscribe(latest, "C")
		s.take()
		g.tell(stale, b, c)
		pass(time.Second)
		s.expect("all stale")
		// Not all of them: B comes back, A and C are halted by two causes.
		g.tell(live, b)
		pass(time.Second)
		s.expect("B live")
		g.table.SetState(a.symbol, halted)
		g.table.SetState(c.symbol, &subscription.State{Market: subscription.Halted})
		g.table.StatesChanged()
		pass(time.Second)
		if got := s.take(); len(got) != 2 {
			t.Errorf("received %v, want two states", got)
		}
	})
}

func TestStateOfAllLeavesPendingSymbolsAlone(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a, b := g.listed("A"), g.listed("B")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A", "B", "X")
		s.take()
		g.tell(stale, a, b)
		pass(time.Second)
		if got := s.take(); len(got) != 2 || got[0].symbol == "" || got[1].symbol == "" {
			t.Errorf("received %v, want the states of A and B", got)
		}
	})
}

func TestLiveIsToldWithTheNewerValue(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a, b := g.listed("A"), g.listed("B")
		s := g.attach(g.hub.NewConn())
		s.subscribe(every(time.Second), "A", "B")
		g.tell(stale, a, b)
		pass(0)
		s.take()
		g.table.SetState(a.symbol, live)
		a.quote()
		g.tell(live, b)
		pass(10 * time.Millisecond)
		s.expect("B live") // nothing newer to wait for
		pass(time.Second)
		s.expect("A live", "A@2")
	})
}

func TestLiveIsToldWhereTheNewerValueIsNotWanted(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.request(subscription.Request{Symbol: s.acquire("A"), Kinds: subscription.Trades})
		g.tell(stale, a)
		pass(time.Second)
		s.take()
		g.tell(live, a)
		a.quote()
		pass(time.Second)
		s.expect("A live")
	})
}

func TestHaltedAndBack(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		s.take()
		g.table.SetState(a.symbol, halted)
		a.publish(tick.Event{Kind: tick.KindStatus, Status: tick.StatusHalted})
		g.table.StatesChanged()
		pass(time.Second)
		s.expect("A halted", "A@2")
		g.table.SetState(a.symbol, live)
		a.publish(tick.Event{Kind: tick.KindStatus, Status: tick.StatusTrading})
		g.table.StatesChanged()
		pass(time.Second)
		s.expect("A live", "A@3")
	})
}

func TestStateAtSubscribeIsNotToldAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		g.tell(stale, a)
		pass(time.Second)
		s := g.attach(g.hub.NewConn())
		if h := s.request(subscription.Request{Symbol: s.acquire("A")}); h.State != stale {
			t.Errorf("the answer says %v, want stale", h.State.Market)
		}
		g.table.StatesChanged()
		pass(time.Second)
		s.expect("subscribed", "A@1!")
	})
}

func TestFloodOfStatesIsToldInAFew(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A")
		s.take()
		for i := range 1000 {
			g.tell([]*subscription.State{stale, live}[i%2], a)
			pass(100 * time.Microsecond)
		}
		g.tell(stale, a)
		pass(20 * time.Millisecond)
		got := s.take()
		if len(got) == 0 || len(got) > 12 {
			t.Fatalf("%d states were told of 1,000 in 100ms, want one each 10ms at most", len(got))
		}
		if last := got[len(got)-1]; last.state != stale {
			t.Errorf("the last one told is %s, want stale", last)
		}
	})
}

func TestStatesOfManySymbolsWaitForTheTransport(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attachSlow(g.hub.NewConn())
		var markets []*market
		for i := range 1000 {
			m := g.listed(fmt.Sprintf("S%d", i))
			markets = append(markets, m)
			s.subscribe(every(time.Minute), m.symbol.Name())
			s.drain()
		}
		s.subscribe(latest, "NOT SENT YET") // so that one message for all will not do
		s.drain()
		s.take()
		g.tell(stale, markets...)
		s.drain()
		told := map[string]int{}
		for _, m := range s.take() {
			told[m.symbol]++
		}
		if len(told) != 1000 {
			t.Errorf("the states of %d symbols were told, want 1,000", len(told))
		}
	})
}

func TestNames(t *testing.T) {
	for state, want := range map[subscription.MarketState]string{
		subscription.Live: "live", subscription.Stale: "stale", subscription.Halted: "halted", subscription.Pending: "pending", 0: "unknown",
	} {
		if got := state.String(); got != want {
			t.Errorf("state %d is called %q, want %q", state, got, want)
		}
	}
}
