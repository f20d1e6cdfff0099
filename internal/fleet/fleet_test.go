package fleet_test

import (
	"strings"
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/testlink"
	"tickgate/pkg/client"
)

// gatewayCount is how many gateways a fleet has.
const gatewayCount = 3

// symbols are those of the market.
var symbols = []string{"SIM01", "SIM02", "SIM03", "SIM04", "SIM05", "SIM06", "SIM07", "SIM08", "SIM09", "SIM10"}

// policies are those of the clients.
var policies = []client.Conflation{client.Latest, client.Every(50 * time.Millisecond), client.AllEvents}

// fleet is some gateways over a cluster. Each is reached over a link, and reaches each node over another.
type fleet struct {
	t       *testing.T
	members [gatewayCount]*member
}

type member struct {
	t       *testing.T
	config  gateway.Config
	gateway *gatewaytest.Gateway
	clients *testlink.Link
	nats    []*testlink.Link
}

func startFleet(t *testing.T, c *cluster) *fleet {
	t.Helper()
	f := &fleet{t: t}
	for i := range f.members {
		m := &member{t: t, config: gatewaytest.Config(t)}
		var urls []string
		for node := range c.nodes {
			way := testlink.New(t, c.address(node))
			m.nats = append(m.nats, way)
			urls = append(urls, "nats://"+way.Address())
		}
		m.config.Bus = bus.Connection{URL: strings.Join(urls, ",")}
		m.config.Stream.RetryAfter, m.config.Stream.DrainGrace, m.config.Stream.HeartbeatInterval = 50*time.Millisecond, 2*time.Second, 500*time.Millisecond
		m.config.Playback.Rate, m.config.Playback.RateBesideLive = 1e9, 1e9
		m.gateway = gatewaytest.Start(t, m.config)
		m.clients = testlink.New(t, m.gateway.Addresses().GRPC)
		f.members[i] = m
	}
	return f
}

// address returns where clients connect to a member.
func (m *member) address() string { return m.clients.Address() }

// restart starts a gateway in place of the one before.
func (m *member) restart() {
	m.t.Helper()
	m.gateway = gatewaytest.Start(m.t, m.config)
	m.clients.Redirect(m.gateway.Addresses().GRPC)
}

// cutOffNATS ends all its connections to NATS, and lets it make none.
func (m *member) cutOffNATS() {
	for _, way := range m.nats {
		way.Sever()
	}
}

func (m *member) joinNATS() {
	for _, way := range m.nats {
		way.Thaw()
	}
}

// addresses returns all members', beginning with one.
func (f *fleet) addresses(first int) string {
	var all []string
	for i := range f.members {
		all = append(all, f.members[(first+i)%gatewayCount].address())
	}
	return strings.Join(all, ",")
}

// of returns the member that a client is connected with.
func (f *fleet) of(w *gatewaytest.Watched) *member {
	f.t.Helper()
	var found *member
	gatewaytest.Eventually(f.t, "the client is connected", func() bool {
		state := w.State()
		for _, m := range f.members {
			if state.State == client.Connected && m.address() == state.Address {
				found = m
			}
		}
		return found != nil
	})
	return found
}

// watchers are clients, one for each policy, each of which knows all gateways and begins with another.
type watchers struct {
	t   *testing.T
	all []*gatewaytest.Watched
}

func (f *fleet) watch() *watchers {
	w := &watchers{t: f.t}
	for i, policy := range policies {
		w.all = append(w.all, gatewaytest.Watch(f.t, f.addresses(i), policy, symbols, client.WithHeartbeat(time.Second)))
	}
	return w
}

// awaitFlow waits until every client gets values of every symbol, live, somewhere.
func (w *watchers) awaitFlow(what string) {
	w.t.Helper()
	for _, c := range w.all {
		began := make(map[string]uint64)
		for _, symbol := range symbols {
			ticker, _ := c.Book().Quote(symbol)
			began[symbol] = ticker.Updates
		}
		gatewaytest.Eventually(w.t, what, func() bool {
			for _, symbol := range symbols {
				ticker, ok := c.Book().Quote(symbol)
				if !ok || ticker.State != client.Live || ticker.Updates < began[symbol]+3 {
					return false
				}
			}
			return c.State().State == client.Connected
		})
	}
}

// awaitStale waits until every client is told that nothing is current.
func (w *watchers) awaitStale() {
	w.t.Helper()
	for _, c := range w.all {
		gatewaytest.Eventually(w.t, "every client is told", func() bool {
			for _, symbol := range symbols {
				if ticker, ok := c.Book().Quote(symbol); !ok || ticker.State != client.Stale {
					return false
				}
			}
			return true
		})
	}
}

// awaitLast waits until every client that has subscribed them holds the last values.
func (w *watchers) awaitLast(market *gatewaytest.Publisher, symbols []string) {
	w.t.Helper()
	for _, c := range w.all {
		gatewaytest.Eventually(w.t, "the last values", func() bool { return c.HoldsLast(market, symbols) })
	}
}

func (w *watchers) close() {
	for _, c := range w.all {
		c.Close()
	}
}

// trade begins a market of the symbols.
func trade(market *gatewaytest.Publisher, eventsPerSecond float64) *gatewaytest.Trading {
	quotes := generate.DefaultConfig()
	quotes.Symbols, quotes.Rate = len(symbols), eventsPerSecond
	return market.Trade(quotes)
}
