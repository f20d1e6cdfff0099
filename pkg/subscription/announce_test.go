package subscription_test

import (
	"testing"
	"time"

	"tickgate/pkg/subscription"
)

func TestGrownScaleIsAnnounced(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		latestStream, noneStream := g.attachSlow(g.hub.NewConn()), g.attachSlow(g.hub.NewConn())
		latestStream.subscribe(latest, "A")
		noneStream.subscribe(none, "A")
		a.quote()
		a.rescale()
		a.quotes(2)
		latestStream.drain()
		noneStream.drain()
		latestStream.expect("subscribed", "A@1!", "announce A live scale 3 epoch 1, A@4+2")
		// What is announced holds for the whole batch, so it begins a new one.
		noneStream.expect("subscribed", "A@1!", "A@2", "announce A live scale 3 epoch 1, A@3, A@4")
	})
}

func TestNewEpochIsAGapAndASnapshot(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		latestStream, noneStream := g.attachSlow(g.hub.NewConn()), g.attachSlow(g.hub.NewConn())
		latestStream.subscribe(latest, "A")
		noneStream.subscribe(none, "A")
		a.quote()
		a.restart()
		a.quotes(2)
		latestStream.drain()
		noneStream.drain()
		const gap = "gap A 0-0 missing 0 reason 3"
		latestStream.expect("subscribed", "A@1!", gap, "announce A live scale 2 epoch 2, A@2+2!")
		noneStream.expect("subscribed", "A@1!", "A@2", gap, "announce A live scale 2 epoch 2, A@1!, A@2")
	})
}

func TestAnnouncedThoughTheEventIsOfAnotherKind(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attach(g.hub.NewConn())
		request := requestFor(s, "A")
		s.request(request)
		s.take()
		a.rescale()
		a.quote()
		pass(0)
		s.expect("announce A live scale 3 epoch 1")
		a.trade()
		pass(time.Second)
		s.expect("A@3+1")
	})
}

func requestFor(s *stream, name string) subscription.Request {
	return subscription.Request{Symbol: s.acquire(name), Kinds: subscription.Trades}
}
