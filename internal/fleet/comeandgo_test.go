package fleet_test

import (
	"testing"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
)

// strike takes a gateway away from its clients.
type strike struct {
	name   string
	strike func(*member)
	undo   func(*member)
}

var strikes = []strike{
	{"drained", func(m *member) { m.gateway.Stop() }, (*member).restart},
	{"killed", func(m *member) { m.gateway.Abort() }, (*member).restart},
	{"cut off from its clients", func(m *member) { m.clients.Freeze() }, func(m *member) { m.clients.Thaw() }},
	{"cut off from NATS", (*member).cutOffNATS, (*member).joinNATS},
}

// TestGatewaysComeAndGo under a market, clients of each policy and a playback that follows it. Each time the clients go on at another gateway, and in the end nobody has been told anything wrong.
func TestGatewaysComeAndGo(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	f := startFleet(t, c)
	market := gatewaytest.NewPublisher(t, c.connection())
	trading := trade(market, 300)
	w := f.watch()
	w.awaitFlow("a live market")
	p := follow(t, w.all[0].Client, symbols)

	for i, s := range strikes {
		struck := w.all[i%len(w.all)]
		m := f.of(struck)
		t.Logf("%s", s.name)
		s.strike(m)
		gatewaytest.Eventually(t, s.name+": its client is elsewhere", func() bool {
			state := struck.State()
			return state.State == client.Connected && state.Address != m.address()
		})
		w.awaitFlow(s.name + ": a live market")
		s.undo(m)
	}
	trading.Stop()
	w.awaitLast(market, symbols)
	p.awaitLast(market, symbols)
	p.end()
	if p.moved == 0 {
		t.Error("the playback's gateway never went away: the test did not test")
	}
	w.close()
	for _, c := range w.all {
		c.Judge(t, market)
	}
}

// TestMoveAwayFromALostBus: a client whose gateway alone has lost NATS is told so, and soon is at one that has not.
func TestMoveAwayFromALostBus(t *testing.T) {
	t.Parallel()
	pair := startPair(t, nil)
	market := gatewaytest.NewPublisher(t, pair.connection())
	trading := trade(market, 100)
	c := gatewaytest.Watch(t, pair.addresses(), client.Latest, symbols)
	flows := func() bool { return c.State().State == client.Connected && holdsAll(c) }
	gatewaytest.Eventually(t, "a live market", flows)
	first := c.State().Address

	pair.ways[0].Freeze()
	gatewaytest.Eventually(t, "the client is told", func() bool { return c.State().State == client.AllStale && c.State().Address == first })
	gatewaytest.Eventually(t, "a live market elsewhere", func() bool { return flows() && c.State().Address != first })
	pair.ways[0].Thaw()
	trading.Stop()
	gatewaytest.Eventually(t, "the last values", func() bool { return c.HoldsLast(market, symbols) })
	c.Close()
	c.Judge(t, market)
	if lost := c.Lost(); len(lost) > 0 {
		t.Errorf("states %v, want it connected all the time", lost)
	}
}

func holdsAll(c *gatewaytest.Watched) bool {
	for _, symbol := range symbols {
		if ticker, ok := c.Book().Quote(symbol); !ok || ticker.State != client.Live || ticker.Sequence == 0 {
			return false
		}
	}
	return true
}
