package subscription_test

import (
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestResume(t *testing.T) {
	// Published: 3 of epoch 1; then 1 to 5, 8 and 9 of epoch 2, where 6 and 7 were lost; the ring still has all.
	publish := func(g *gateway) *market {
		a := g.open("A")
		a.quotes(3)
		a.restart()
		a.quotes(5)
		a.lose(2)
		a.quotes(2)
		return a
	}
	const gap = "gap A 0-0 missing 0 reason 4"
	for _, c := range []struct {
		name          string
		resume        subscription.Resume
		policy        subscription.Conflation
		want          []string
		wantNextQuote string
	}{
		{"equal", subscription.Resume{Epoch: 2, LastSequence: 9}, latest, nil, "A@10"},
		{"equal, every event", subscription.Resume{Epoch: 2, LastSequence: 9}, none, nil, "A@10"},
		{"one behind", subscription.Resume{Epoch: 2, LastSequence: 8}, latest, []string{"A@9"}, "A@10"},
		{"before a hole", subscription.Resume{Epoch: 2, LastSequence: 4}, latest, []string{"gap A 5-8 missing 2 reason 1", "A@9+2"}, "A@10"},
		{"before a hole, every event", subscription.Resume{Epoch: 2, LastSequence: 4}, none, []string{"A@5", "gap A 6-7 missing 2 reason 1", "A@8, A@9"}, "A@10"},
		{"within the hole", subscription.Resume{Epoch: 2, LastSequence: 6}, none, []string{"gap A 7-7 missing 1 reason 1", "A@8, A@9"}, "A@10"},
		{"at the end of the hole", subscription.Resume{Epoch: 2, LastSequence: 7}, none, []string{"A@8, A@9"}, "A@10"},
		{"future sequence", subscription.Resume{Epoch: 2, LastSequence: 10}, latest, []string{gap, "A@9!"}, "A@10"},
		{"future epoch", subscription.Resume{Epoch: 3, LastSequence: 1}, latest, []string{gap, "A@9!"}, "A@10"},
		{"old epoch", subscription.Resume{Epoch: 1, LastSequence: 3}, latest, []string{gap, "A@9!"}, "A@10"},
		{"old epoch, every event", subscription.Resume{Epoch: 1, LastSequence: 2}, none, []string{gap, "A@9!"}, "A@10"},
		{"foreign epoch", subscription.Resume{Epoch: 77, LastSequence: 5}, none, []string{gap, "A@9!"}, "A@10"},
		{"nothing taken", subscription.Resume{Epoch: 2}, none, []string{gap, "A@9!"}, "A@10"},
		{"at its interval", subscription.Resume{Epoch: 2, LastSequence: 8}, every(time.Second), []string{"A@9"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, g *gateway) {
				a := publish(g)
				s := g.attachSlow(g.hub.NewConn())
				s.request(subscription.Request{Symbol: s.acquire("A"), Conflation: c.policy, Resume: &c.resume})
				s.drain()
				s.expect(append([]string{"subscribed"}, c.want...)...)
				if c.wantNextQuote != "" {
					a.quote()
					s.drain()
					s.expect(c.wantNextQuote)
				}
			})
		})
	}
}

// The point from which a client resumed was looked for in older epochs too. What followed then was neither a snapshot nor a gap.
func TestResumeFromAnOlderEpochIsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		a.restart()
		a.trade() // the old quote is gone
		s := g.attach(g.hub.NewConn())
		s.request(subscription.Request{Symbol: s.acquire("A"), Resume: &subscription.Resume{Epoch: 1, LastSequence: 1}})
		s.expect("subscribed", "gap A 0-0 missing 0 reason 4", "A@1!")
	})
}

func TestResumeFromBeforeTheRing(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.open("A")
		a.quotes(200)
		s := g.attachSlow(g.hub.NewConn())
		resume := func(sequence uint64) {
			s.request(subscription.Request{Symbol: s.acquire("A"), Resume: &subscription.Resume{Epoch: 1, LastSequence: sequence}})
			s.drain()
		}
		resume(100)
		s.expect("subscribed", "gap A 0-0 missing 0 reason 4", "A@200!")
		resume(137) // overwritten: the slot belongs to the feed
		s.expect("subscribed", "gap A 0-0 missing 0 reason 4", "A@200!")
		resume(138)
		s.expect("subscribed", "A@200+61")
	})
}

func TestResumeSendsOnlyWhatChanged(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		a.trade()
		a.trade()
		s := g.attach(g.hub.NewConn())
		s.request(subscription.Request{Symbol: s.acquire("A"), Resume: &subscription.Resume{Epoch: 1, LastSequence: 1}})
		got := s.take()
		if len(got) != 2 || got[1].String() != "A@3+1" || got[1].updates[0].changed&tick.ChangedTrade == 0 || got[1].updates[0].changed&tick.ChangedQuote != 0 {
			t.Errorf("received %v, want the trade alone", got)
		}
	})
}

func TestResumeOfAPendingSymbol(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attach(g.hub.NewConn())
		s.request(subscription.Request{Symbol: s.acquire("A"), Resume: &subscription.Resume{Epoch: 1, LastSequence: 1}})
		g.listed("A")
		pass(0)
		s.expect("subscribed", "gap A 0-0 missing 0 reason 4", "announce A live scale 2 epoch 1, A@1!")
	})
}

func TestResumeAcrossAChangeOfScale(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		a.quote()
		a.rescale()
		a.quote()
		s := g.attachSlow(g.hub.NewConn())
		s.request(subscription.Request{Symbol: s.acquire("A"), Conflation: none, Resume: &subscription.Resume{Epoch: 1, LastSequence: 1}})
		s.drain()
		// The older event is in the older scale, so that is announced first.
		s.expect("subscribed", "announce A live scale 2 epoch 1, A@2", "announce A live scale 3 epoch 1, A@3")
	})
}
