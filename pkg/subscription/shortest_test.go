package subscription_test

import (
	"testing"
	"time"
)

func TestShortestIntervalFollowsTheSubscriptions(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		holds := func(what string, want time.Duration, subscribed bool) {
			t.Helper()
			if got, some := g.table.ShortestInterval(); got != want || some != subscribed {
				t.Errorf("%s: %v %v, want %v %v", what, got, some, want, subscribed)
			}
		}
		holds("nobody", 0, false)
		slow, quick := g.attach(g.hub.NewConn()), g.attach(g.hub.NewConn())
		slow.subscribe(every(time.Second), "A")
		holds("1 s", 512*time.Millisecond, true)
		quick.subscribe(every(100*time.Millisecond), "A")
		holds("100 ms beside it", 64*time.Millisecond, true)
		quick.setConflation(a, latest)
		holds("LATEST beside it", 0, true)
		quick.setConflation(a, every(time.Minute))
		holds("1 min beside it", 512*time.Millisecond, true)
		slow.unsubscribe(a)
		holds("1 min alone", 32768*time.Millisecond, true)
		quick.session.Close()
		pass(0)
		holds("nobody any more", 0, false)
	})
}
