package subscription_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/history"
	"tickgate/internal/historytest"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// The model is a few markets and streams to which anything happens in any order. What each stream's client was told is judged by the history checker when
// transports and clients have caught up. What a checker of logs cannot see is asked along the way: that a stream that is never busy is always current, and in the end
// that everybody knows each symbol's state.

const modelRingDepth = 8 // so that readers are lapped

func TestStreamsAgainstHistory(t *testing.T) { historytest.Judge(t, drive) }

// TestHistoryCatchesDefectsOfStreams plants a mistake between the streams and their clients. It must be found, and soon.
func TestHistoryCatchesDefectsOfStreams(t *testing.T) { historytest.CatchPlants(t, drive) }

// drive has things happen, and returns what is wrong with what the clients were told.
func drive(t *rapid.T, defect func() historytest.Defect) (found []history.Violation) {
	w := newWorld(t, defect)
	defer w.halt()
	t.Repeat(map[string]func(*rapid.T){
		"quote": func(t *rapid.T) { w.market(t).quotes(rapid.IntRange(1, 12).Draw(t, "count")) },
		"trade": func(t *rapid.T) { w.market(t).trade() },
		"lose": func(t *rapid.T) {
			m := w.market(t)
			m.lose(rapid.Uint64Range(1, 9).Draw(t, "events"))
			m.quote()
		},
		"restart": func(t *rapid.T) {
			m := w.market(t)
			m.restart()
			m.quote()
		},
		"rescale": func(t *rapid.T) {
			m := w.market(t)
			m.scales.Price = min(m.scales.Price+1, 9)
			m.quote()
		},
		"state": func(t *rapid.T) {
			state := *rapid.SampledFrom([]*subscription.State{live, stale, halted}).Draw(t, "state")
			state.Since = tick.Time(time.Now().UnixNano())
			w.tell(&state, w.market(t))
		},
		"pass": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 150).Draw(t, "ms")) * time.Millisecond)
		},
		"leave": func(t *rapid.T) { w.client(t).transport.leave(rapid.IntRange(1, 4).Draw(t, "messages")) },
		"acknowledge": func(t *rapid.T) {
			w.client(t).acknowledge()
		},
		"subscribe":      func(t *rapid.T) { w.client(t).subscribe(t, w.market(t)) },
		"unsubscribe":    func(t *rapid.T) { w.client(t).unsubscribe(t, w.market(t)) },
		"set conflation": func(t *rapid.T) { w.client(t).setConflation(t, w.market(t)) },
		"":               func(*rapid.T) { w.check() },
	})
	w.settle()
	for _, c := range w.clients {
		found = append(found, history.Check(w.published, c.Log(), history.Options{End: history.EndSettled, IntervalTolerance: modelTolerance})...)
	}
	return found
}

// modelTolerance is half of the longest interval of the model, and the resolution of the clock of subscriptions.
const modelTolerance = 51 * time.Millisecond

type world struct {
	*gateway
	honest  bool
	markets []*market
	clients []*client
}

func newWorld(t *rapid.T, defect func() historytest.Defect) *world {
	tableConfig, config := defaults()
	tableConfig.RingDepth = modelRingDepth
	config.Workers = 2
	w := &world{gateway: run(t, tableConfig, config), honest: defect == nil}
	w.published = history.NewPublisherLog()
	for _, name := range []string{"A", "B", "C"} {
		w.markets = append(w.markets, w.listed(name))
	}
	conns := []*subscription.Conn{w.hub.NewConn(), w.hub.NewConn()}
	for i := range 3 {
		w.clients = append(w.clients, w.attachClient(conns[i%2], i == 0, defect))
	}
	w.clients[2].transport.session.Post(func() { w.clients[2].transport.session.SetFreshness(100 * time.Millisecond) })
	return w
}

func (w *world) attachClient(conn *subscription.Conn, atOnce bool, newDefect func() historytest.Defect) *client {
	c := &client{g: w.gateway, wishes: make(map[string]historytest.Wish)}
	var defect historytest.Defect
	if newDefect != nil {
		defect = newDefect()
	}
	c.Client = historytest.Attach(w.hub, conn, func(session *subscription.Session) historytest.Transport {
		c.transport = &stream{g: w.gateway, session: session, room: 2, atOnce: atOnce}
		return c.transport
	}, defect)
	return c
}

func (w *world) market(t *rapid.T) *market { return w.markets[rapid.IntRange(0, 2).Draw(t, "market")] }
func (w *world) client(t *rapid.T) *client { return w.clients[rapid.IntRange(0, 2).Draw(t, "client")] }

func (w *world) check() {
	synctest.Wait()
	for _, c := range w.clients {
		c.look()
	}
	if !w.honest {
		return
	}
	for _, m := range w.markets { // the first client's transport is never busy
		if wish, ok := w.clients[0].wishes[m.symbol.Name()]; ok && wish.Conflation.Policy != subscription.PolicyInterval {
			w.clients[0].mustBeCurrent(m, wish)
		}
	}
}

// settle lets every transport drain and every client acknowledge.
func (w *world) settle() {
	for range 20 {
		for _, c := range w.clients {
			c.transport.leave(1 << 20)
			c.look()
			c.acknowledge()
		}
		pass(150 * time.Millisecond)
	}
	w.check()
	for _, c := range w.clients {
		for _, m := range w.markets {
			held, _ := c.Held(m.symbol.Name())
			want := tickgatev1.MarketState(m.symbol.State().Market)
			if _, subscribed := c.wishes[m.symbol.Name()]; w.honest && subscribed && held.State != want {
				w.t.Fatalf("%s is thought to be %v, but is %v", m.symbol.Name(), held.State, want)
			}
		}
	}
}

// client is one stream and what it has asked for. It belongs to the test goroutine.
type client struct {
	*historytest.Client
	g         *gateway
	transport *stream
	wishes    map[string]historytest.Wish // of what is subscribed
	lastBatch uint64

	subscribes int // every other one leaves it to the client to work out sequences
}

// ready reports whether a command can run now. Else it would wait for the transport.
func (c *client) ready() bool { return c.transport.session.CanHand() }

func (c *client) subscribe(t *rapid.T, m *market) {
	if !c.ready() {
		return
	}
	w := historytest.Wish{
		Symbol:     m.symbol.Name(),
		Conflation: conflations.Draw(t, "conflation"),
		Kinds:      rapid.SampledFrom([]subscription.Kinds{0, subscription.Quotes, subscription.Trades}).Draw(t, "kinds"),
		Resumes:    rapid.Bool().Draw(t, "resume"),
		Implied:    c.subscribes%2 == 0,
	}
	c.subscribes++
	c.done(c.Subscribe(c.g.t.Context(), w))
	c.wishes[w.Symbol] = w
}

func (c *client) unsubscribe(_ *rapid.T, m *market) {
	if c.ready() {
		c.done(c.Unsubscribe(c.g.t.Context(), m.symbol.Name()))
		delete(c.wishes, m.symbol.Name())
	}
}

func (c *client) setConflation(t *rapid.T, m *market) {
	if !c.ready() {
		return
	}
	wish := conflations.Draw(t, "conflation")
	c.done(c.SetConflation(c.g.t.Context(), m.symbol.Name(), wish))
	if w, subscribed := c.wishes[m.symbol.Name()]; subscribed {
		w.Conflation = wish
		c.wishes[m.symbol.Name()] = w
	}
}

func (c *client) done(err error) {
	c.g.t.Helper()
	if err != nil {
		c.g.t.Fatal(err)
	}
}

var conflations = rapid.SampledFrom([]subscription.Conflation{latest, none, every(20 * time.Millisecond), every(100 * time.Millisecond)})

// look takes what the transport has, which checks the hub's promises to it, and notes what can be acknowledged.
func (c *client) look() {
	c.g.t.Helper()
	for _, m := range c.transport.take() {
		c.lastBatch = max(c.lastBatch, m.batch)
	}
}

func (c *client) acknowledge() {
	c.transport.session.Post(func() { _ = c.transport.session.Acknowledge(c.lastBatch) })
	synctest.Wait()
}

// mustBeCurrent demands that nothing the client wants was published since its last update.
func (c *client) mustBeCurrent(m *market, w historytest.Wish) {
	c.g.t.Helper()
	held, _ := c.Held(w.Symbol)
	for _, p := range slices.Backward(m.log) {
		if p.record.Epoch == held.Epoch && p.record.Sequence == held.Sequence {
			return
		}
		if held.Sequence == 0 || wants(w.Kinds, p.kind) {
			c.g.t.Fatalf("%s@%d was not sent under %v", w.Symbol, p.record.Sequence, w.Conflation)
		}
	}
}

func wants(kinds subscription.Kinds, kind tick.Kind) bool {
	if kinds == 0 {
		kinds = subscription.AllKinds
	}
	return kind == tick.KindQuote && kinds&subscription.Quotes != 0 || kind == tick.KindTrade && kinds&subscription.Trades != 0
}
