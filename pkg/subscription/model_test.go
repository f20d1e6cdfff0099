package subscription_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// The model is a few markets and streams to which anything happens in any order. Each stream's client keeps books by what the market published:
// nothing comes twice, backwards, before its snapshot or unasked; every event is delivered, counted as conflated or said to be missing; what a batch carries
// is what was published. When transports and clients catch up, everybody holds the last value and knows its state.

const modelRingDepth = 8 // so that readers are lapped

func TestStreamsAgainstModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) { // without Deadline, which no bubble allows
			w := newWorld(t)
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
					w.g.tell(rapid.SampledFrom([]*subscription.State{live, stale, halted}).Draw(t, "state"), w.market(t))
				},
				"pass": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.IntRange(1, 150).Draw(t, "ms")) * time.Millisecond)
				},
				"leave": func(t *rapid.T) { w.client(t).stream.leave(rapid.IntRange(1, 4).Draw(t, "messages")) },
				"acknowledge": func(t *rapid.T) {
					c := w.client(t)
					c.stream.session.Post(func() { _ = c.stream.session.Acknowledge(c.lastBatch) })
				},
				"subscribe":      func(t *rapid.T) { w.client(t).subscribe(t, w.market(t)) },
				"unsubscribe":    func(t *rapid.T) { w.client(t).unsubscribe(t, w.market(t)) },
				"set conflation": func(t *rapid.T) { w.client(t).setConflation(t, w.market(t)) },
				"":               func(t *rapid.T) { w.check() },
			})
			w.settle()
		})
	})
}

type world struct {
	*gateway
	g       *gateway
	markets []*market
	clients []*client
}

func newWorld(t *rapid.T) *world {
	tableConfig, config := defaults()
	tableConfig.RingDepth = modelRingDepth
	config.Workers = 2
	g := run(t, tableConfig, config)
	w := &world{gateway: g, g: g}
	for _, name := range []string{"A", "B", "C"} {
		w.markets = append(w.markets, g.listed(name))
	}
	conns := []*subscription.Conn{g.hub.NewConn(), g.hub.NewConn()}
	for i := range 3 {
		c := &client{g: g, stream: g.attachSlow(conns[i%2]), books: map[string]*book{}}
		c.stream.room = 2
		c.stream.atOnce = i == 0
		w.clients = append(w.clients, c)
	}
	w.clients[2].stream.session.Post(func() { w.clients[2].stream.session.SetFreshness(100 * time.Millisecond) })
	return w
}

func (w *world) market(t *rapid.T) *market { return w.markets[rapid.IntRange(0, 2).Draw(t, "market")] }
func (w *world) client(t *rapid.T) *client { return w.clients[rapid.IntRange(0, 2).Draw(t, "client")] }

func (w *world) check() {
	synctest.Wait()
	for _, c := range w.clients {
		c.read()
	}
	for _, b := range w.clients[0].books { // its transport is never busy
		if b.conflation.Policy != subscription.PolicyInterval {
			b.mustBeCurrent()
		}
	}
}

// settle lets every transport drain and every client acknowledge, and then demands that all is told.
func (w *world) settle() {
	for range 20 {
		for _, c := range w.clients {
			c.stream.leave(1 << 20)
			c.read()
			c.stream.session.Post(func() { _ = c.stream.session.Acknowledge(c.lastBatch) })
		}
		pass(150 * time.Millisecond)
	}
	w.check()
	for _, c := range w.clients {
		for _, b := range c.books {
			b.mustBeCurrent()
			if want := b.market.symbol.State().Market; b.state != want {
				w.t.Fatalf("%s is thought to be %v, but is %v", b.market.symbol.Name(), b.state, want)
			}
		}
	}
}

// client follows one stream. It belongs to the test goroutine.
type client struct {
	g         *gateway
	stream    *stream
	books     map[string]*book // of what is subscribed
	lastBatch uint64
}

// book is what a client knows of one symbol.
type book struct {
	g          *gateway
	market     *market
	conflation subscription.Conflation
	kinds      subscription.Kinds
	state      subscription.MarketState
	scales     tick.Scales
	epoch      uint64

	base       int    // events before this one in the market's log are accounted for
	missing    uint64 // said to be, since the last update
	newAccount bool   // a gap that knows no numbers came since the last update
	first      bool   // no update yet, and the next one is a snapshot
	updatedAt  time.Time

	snapshotBase int // base if the subscription cannot be resumed
}

func (c *client) subscribe(t *rapid.T, m *market) {
	if !c.stream.session.CanHand() {
		return // the command would wait for the transport
	}
	r := subscription.Request{
		Symbol:     c.stream.acquire(m.symbol.Name()),
		Conflation: conflations.Draw(t, "conflation"),
		Kinds:      rapid.SampledFrom([]subscription.Kinds{0, subscription.Quotes, subscription.Trades}).Draw(t, "kinds"),
	}
	synctest.Wait()
	c.read() // what came before the answer belongs to the old book
	old := c.books[m.symbol.Name()]
	resumes := old != nil && old.base > 0 && rapid.Bool().Draw(t, "resume")
	if resumes {
		taken := m.log[old.base-1].record
		r.Resume = &subscription.Resume{Epoch: taken.Epoch, LastSequence: taken.Sequence}
	}
	h := c.stream.request(r)
	b := &book{
		g: c.g, market: m, conflation: h.Conflation, kinds: h.Kinds, state: h.State.Market, scales: h.Record.Scales, epoch: h.Record.Epoch,
		base: int(h.Position) - 1, snapshotBase: int(h.Position) - 1, first: true,
	}
	if resumes {
		b.base, b.first = old.base, false
	}
	c.books[m.symbol.Name()] = b
}

func (c *client) unsubscribe(_ *rapid.T, m *market) {
	if !c.stream.session.CanHand() {
		return
	}
	synctest.Wait()
	c.read()
	c.stream.unsubscribe(m)
	delete(c.books, m.symbol.Name())
}

func (c *client) setConflation(t *rapid.T, m *market) {
	if !c.stream.session.CanHand() {
		return
	}
	synctest.Wait()
	c.read()
	wish := conflations.Draw(t, "conflation")
	c.stream.setConflation(m, wish)
	if b := c.books[m.symbol.Name()]; b != nil {
		b.conflation = wish
	}
}

var conflations = rapid.SampledFrom([]subscription.Conflation{latest, none, every(20 * time.Millisecond), every(100 * time.Millisecond)})

// read enters what was received since the last call into the books.
func (c *client) read() {
	c.g.t.Helper()
	for _, m := range c.stream.take() {
		switch {
		case m.gap != nil:
			if b := c.books[m.symbol]; b != nil {
				b.gap(m.gap)
			} else {
				c.g.t.Fatalf("%s, which is not subscribed", m)
			}
		case m.state != nil:
			c.state(m)
		case m.batch != 0:
			c.batch(m)
		}
	}
}

func (c *client) state(m message) {
	for name, b := range c.books {
		if m.symbol == "" || m.symbol == name {
			b.state = m.state.Market
		}
	}
}

func (c *client) batch(m message) {
	if m.batch != c.lastBatch+1 {
		c.g.t.Fatalf("batch %d follows %d", m.batch, c.lastBatch)
	}
	c.lastBatch = m.batch
	for _, a := range m.announced {
		if b := c.books[a.symbol]; b != nil {
			b.scales, b.epoch, b.state = a.scales, a.epoch, a.state
		}
	}
	for i, u := range m.updates {
		b := c.books[u.symbol]
		if b == nil {
			c.g.t.Fatalf("%s is not subscribed", u)
		}
		if b.conflation.Policy != subscription.PolicyNone && slices.ContainsFunc(m.updates[:i], func(v update) bool { return v.symbol == u.symbol }) {
			c.g.t.Fatalf("%s comes twice in a batch", u)
		}
		b.update(u, m.at)
	}
}

func (b *book) gap(g *subscription.Gap) {
	switch g.Reason {
	case subscription.GapEpoch:
		b.newAccount = true
	case subscription.GapFeed, subscription.GapLapped:
		b.missing += g.Missing
	case subscription.GapResume:
		b.base, b.first, b.newAccount = b.snapshotBase, true, true
	default:
		b.g.t.Fatalf("a gap of reason %d", g.Reason)
	}
}

func (b *book) update(u update, at time.Time) {
	t := b.g.t
	index := slices.IndexFunc(b.market.log, func(p published) bool {
		return p.record.Epoch == u.record.Epoch && p.record.Sequence == u.record.Sequence
	})
	switch {
	case index < b.base:
		t.Fatalf("%s goes back behind event %d, or was never published", u, b.base)
	case u.record != b.market.log[index].record:
		t.Fatalf("%s is not what was published", u)
	case u.record.Scales != b.scales || u.record.Epoch != b.epoch:
		t.Fatalf("%s is of epoch %d and scales %v, announced were %d and %v", u, u.record.Epoch, u.record.Scales, b.epoch, b.scales)
	case u.snapshot != (b.first || b.newAccount):
		t.Fatalf("%s: snapshot is %v", u, u.snapshot)
	case b.conflation.Policy == subscription.PolicyInterval && !b.first && at.Sub(b.updatedAt) < b.conflation.Interval/2:
		t.Fatalf("%s came %v after the one before, the interval is %v", u, at.Sub(b.updatedAt), b.conflation.Interval)
	}
	if err := b.account(u, index); err != nil {
		t.Fatalf("%s: %v", u, err)
	}
	b.base, b.first, b.missing, b.newAccount, b.updatedAt = index+1, false, 0, false, at
}

// account demands that every event since the last update is delivered, conflated or missing.
func (b *book) account(u update, index int) error {
	passed := uint64(index - b.base) // published in between
	var lost uint64
	for i, p := range b.market.log[b.base : index+1] {
		if i > 0 || !b.first { // what was lost before the event that was newest at the subscribe is no business of the client's
			lost += p.missed
		}
	}
	counted := u.conflated + b.missing
	if b.newAccount {
		if b.conflation.Policy != subscription.PolicyNone && counted > passed+lost {
			return fmt.Errorf("%d conflated and %d missing, but only %d events since", u.conflated, b.missing, passed+lost)
		}
		return nil
	}
	if counted != passed+lost {
		return fmt.Errorf("%d conflated and %d missing of %d events", u.conflated, b.missing, passed+lost)
	}
	return nil
}

// mustBeCurrent demands that nothing the client wants was published since its last update, and that it knows the state.
func (b *book) mustBeCurrent() {
	b.g.t.Helper()
	for _, p := range b.market.log[b.base:] {
		if b.first || b.wants(p.kind) {
			b.g.t.Fatalf("%s@%d was not sent under %v", b.market.symbol.Name(), p.record.Sequence, b.conflation)
		}
	}
}

func (b *book) wants(kind tick.Kind) bool {
	return kind == tick.KindQuote && b.kinds&subscription.Quotes != 0 || kind == tick.KindTrade && b.kinds&subscription.Trades != 0
}
