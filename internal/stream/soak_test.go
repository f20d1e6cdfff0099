package stream_test

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/history"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestRandomCommandsAndMarkets drives a gateway with random commands of several clients and random events, and has the history checker judge every client:
// whatever the order, each holds the publisher's last values in the end, and was told of everything that it missed.
func TestRandomCommandsAndMarkets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 20, 200).Draw(rt, "steps")
		s := &scope{TB: t, rt: rt}
		defer s.close()
		w := newWorld(s)
		for _, step := range steps {
			w.take(step)
		}
		w.settle()
	})
}

// step is one thing that happens; what a and b mean depends on it.
type step struct {
	what, who int
	a, b      uint32
}

func drawStep(t *rapid.T) step {
	return step{
		what: rapid.IntRange(0, 19).Draw(t, "what"), who: rapid.IntRange(0, 2).Draw(t, "who"),
		a: rapid.Uint32().Draw(t, "a"), b: rapid.Uint32().Draw(t, "b"),
	}
}

// world is a gateway with a few symbols and clients.
type world struct {
	gate    *gate
	symbols []string
	markets map[string]*market // of those that the feed has sent
	clients []*resuming
}

func newWorld(s *scope) *world {
	w := &world{markets: make(map[string]*market)}
	w.gate = newGate(s, func(o *options) {
		o.table.RingDepth = 8
		o.subscriptions.Workers = 2
		o.stream.CommandRate, o.stream.CommandBurst = 1e6, 1_000
		o.stream.ProcessCommandRate, o.stream.ProcessCommandBurst = 1e6, 1_000
		o.stream.HeartbeatInterval = 5 * time.Millisecond
	})
	w.symbols = numbered("S", 6)
	for range 3 {
		w.clients = append(w.clients, w.gate.resuming())
	}
	return w
}

func (w *world) take(s step) {
	c := w.clients[s.who]
	c.nextID++
	switch s.what {
	case 0, 1, 2:
		c.send(subscribe(c.nextID, w.drawSubscribe(c, s)))
	case 3:
		c.send(unsubscribe(c.nextID, w.some(s.a)...))
	case 4:
		c.send(setConflation(c.nextID, drawWish(s.b), w.some(s.a)...))
	case 5:
		c.send(list(c.nextID))
	case 6:
		c.send(requestLatency(c.nextID, 0))
	case 7:
		if s.a%4 == 0 {
			c.send(unsubscribeAll(c.nextID))
		}
	case 8:
		if s.a%4 == 0 {
			c.reconnect()
		}
	case 9:
		w.stale(s.a)
	default:
		for i := range 1 + s.b%12 { // more than a ring holds, at times
			w.market(s.a).vary(s.b/16 + i*7)
		}
	}
}

// some returns the symbols whose bits are set.
func (w *world) some(bits uint32) []string {
	var symbols []string
	for i, symbol := range w.symbols {
		if bits&(1<<i) != 0 {
			symbols = append(symbols, symbol)
		}
	}
	return symbols
}

func drawWish(bits uint32) *tickgatev1.Conflation {
	switch bits % 4 {
	case 0:
		return wish(latest, 0)
	case 1:
		return wish(none, 0)
	case 2:
		return wish(interval, int64(5+bits/4%40))
	}
	return nil
}

func (w *world) drawSubscribe(c *resuming, s step) *tickgatev1.Subscribe {
	m := &tickgatev1.Subscribe{Symbols: w.some(s.a), Conflation: drawWish(s.b)}
	if s.b>>8%4 == 0 {
		m.Kinds = []tickgatev1.Kind{tickgatev1.Kind(1 + s.b>>10%3)}
	}
	m.ImplySequences = s.b>>16%2 == 0
	if c.isFresh { // else the client may receive more than it resumes from while it asks
		m.Resume = c.resumes(m.Symbols)
	}
	c.isFresh = false
	return m
}

// market returns the symbol's market, which the feed sends from now on. It is live again if it was stale.
func (w *world) market(choice uint32) *market {
	name := w.symbols[choice%uint32(len(w.symbols))]
	m := w.markets[name]
	if m == nil {
		m = w.gate.market(name)
		w.markets[name] = m
	}
	if m.symbol.State() != live {
		w.gate.table.SetState(m.symbol, live)
	}
	return m
}

func (w *world) stale(choice uint32) {
	for i, name := range w.symbols {
		if m := w.markets[name]; m != nil && choice&(1<<i) != 0 {
			w.gate.table.SetState(m.symbol, &subscription.State{
				Market: subscription.Stale, Reason: subscription.FeedSilent, Since: tick.Time(time.Now().UnixNano()),
			})
		}
	}
	w.gate.table.StatesChanged()
}

func (w *world) settle() {
	for _, m := range w.markets {
		w.gate.table.SetState(m.symbol, live)
		m.quote(m.price)
	}
	w.gate.table.StatesChanged()
	for _, c := range w.clients {
		c.settled()
	}
}

// resuming is a client that follows its stream and knows where it stands.
type resuming struct {
	*client
	isFresh bool // nothing was subscribed on this stream

	mu    sync.Mutex
	ids   map[uint32]*tickgatev1.Instrument // guarded by mu
	holds map[string]*tickgatev1.Resume     // guarded by mu
}

func (g *gate) resuming() *resuming {
	c := &resuming{client: g.openOn(g.connect(nil)), holds: make(map[string]*tickgatev1.Resume)}
	c.listen()
	return c
}

func (c *resuming) listen() {
	c.ids = make(map[uint32]*tickgatev1.Instrument)
	c.received = c.hold
	c.follow()
}

func (c *resuming) hold(m *tickgatev1.ServerMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range append(m.GetSubscribeResult().GetAccepted(), m.GetBatch().GetInstruments()...) {
		c.ids[i.GetId()] = i
	}
	for _, u := range m.GetBatch().GetUpdates() {
		i := c.ids[u.GetInstrumentId()]
		sequence := u.GetSequence()
		if sequence == 0 { // it follows
			sequence = c.holds[i.GetSymbol()].GetLastSequence() + uint64(u.GetConflated()) + 1
		}
		c.holds[i.GetSymbol()] = &tickgatev1.Resume{Symbol: i.GetSymbol(), Epoch: i.GetEpoch(), LastSequence: sequence}
	}
}

func (c *resuming) resumes(symbols []string) (held []*tickgatev1.Resume) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, symbol := range symbols {
		if r := c.holds[symbol]; r != nil {
			held = append(held, r)
		}
	}
	return held
}

// reconnect ends the stream and begins another one, logged as the same client.
func (c *resuming) reconnect() {
	c.cancel()
	<-c.ended
	next := c.gate.openUnjudged(c.gate.connect(nil))
	c.stream, c.cancel, c.err = next.stream, next.cancel, nil
	c.log.StreamStarted()
	c.isFresh = true
	c.listen()
}

// scope is a test within a test: what it has to clean up is cleaned up when it ends, and its failures are rapid's.
type scope struct {
	testing.TB
	rt       *rapid.T
	cleanups []func()
}

func (s *scope) Cleanup(f func())                  { s.cleanups = append(s.cleanups, f) }
func (s *scope) Error(args ...any)                 { s.rt.Error(args...) }
func (s *scope) Errorf(format string, args ...any) { s.rt.Errorf(format, args...) }
func (s *scope) Fatal(args ...any)                 { s.rt.Fatal(args...) }
func (s *scope) Fatalf(format string, args ...any) { s.rt.Fatalf(format, args...) }

func (s *scope) close() {
	for len(s.cleanups) > 0 {
		last := len(s.cleanups) - 1
		f := s.cleanups[last]
		s.cleanups = s.cleanups[:last]
		f()
	}
}

// TestEveryPolicyUnderLoad adds up, for a client of each policy, what was delivered, conflated and announced as missing: it is what was published.
func TestEveryPolicyUnderLoad(t *testing.T) {
	g := newGate(t, func(o *options) { o.table.RingDepth = 64 })
	markets, names := g.markets("S", 10)
	var clients []*client
	for _, w := range []*tickgatev1.Conflation{wish(latest, 0), wish(interval, 50), wish(none, 0)} {
		conn := g.connect(nil)
		for range 3 {
			c := g.openOn(conn)
			c.send(subscribe(1, &tickgatev1.Subscribe{Symbols: names, Conflation: w}))
			c.follow()
			clients = append(clients, c)
		}
	}
	waitFor(t, "the snapshots", func() bool { return g.hub.Stats().Updates == 9*10 })
	for i := range uint32(20_000) {
		markets[i%10].vary(i * 2_654_435_761 >> 8)
	}
	for _, m := range markets {
		m.quote(1)
	}
	for i, c := range clients {
		c.settled()
		total := history.Counts{}
		for _, counts := range history.Count(c.log) {
			total.Updates += counts.Updates
			total.Conflated += counts.Conflated
			total.Missing += counts.Missing
		}
		t.Logf("client %d: %d updates, %d conflated, %d missing", i, total.Updates, total.Conflated, total.Missing)
	}
}
