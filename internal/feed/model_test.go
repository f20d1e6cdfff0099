package feed_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/feed"
	"tickgate/internal/history"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// model says in plain words what an ingester has to do; it remembers facts and derives the states from them, where the ingester keeps the states.
type model struct {
	connected  bool
	publishers map[string]*modelPublisher
	symbols    map[string]*modelSymbol
	dropped    [feed.DropReasons]uint64
	applied    uint64

	published *history.PublisherLog // with what is not newer left out, as the model does
}

func newModel() *model {
	return &model{
		connected: true, publishers: make(map[string]*modelPublisher), symbols: make(map[string]*modelSymbol), published: history.NewPublisherLog(),
	}
}

type modelPublisher struct {
	epoch uint64
	heard time.Time // zero: not since the bus came up
}

type modelSymbol struct {
	epoch, sequence, missing uint64
	publisher                string
	halted                   bool
	busConfirmed             bool // an event or a warm start came since the bus, or a message, was lost
	restarted                bool // its publisher has a greater epoch than the symbol had when that was noticed
}

func (m *model) hear(name string, epoch uint64, now time.Time) {
	p := m.publisher(name)
	p.heard = now
	m.raise(name, p, epoch)
}

func (m *model) raise(name string, p *modelPublisher, epoch uint64) {
	if epoch <= p.epoch {
		return
	}
	p.epoch = epoch
	for _, s := range m.symbols {
		s.restarted = s.restarted || s.publisher == name && s.epoch < epoch
	}
}

func (m *model) publisher(name string) *modelPublisher {
	if m.publishers[name] == nil {
		m.publishers[name] = &modelPublisher{}
	}
	return m.publishers[name]
}

// take applies an event and says where it was dropped.
func (m *model) take(name, publisher string, e tick.Event) (reason feed.DropReason, dropped bool) {
	s := m.symbols[name]
	if s == nil {
		s = &modelSymbol{}
		m.symbols[name] = s
	}
	switch {
	case e.Epoch < s.epoch:
		return feed.DropOlderEpoch, true
	case e.Epoch == s.epoch && e.Sequence == s.sequence:
		return feed.DropDuplicate, true
	case e.Epoch == s.epoch && e.Sequence < s.sequence:
		return feed.DropOutOfOrder, true
	case e.Epoch == s.epoch:
		s.missing += e.Sequence - s.sequence - 1
	default:
		s.halted = false
	}
	s.epoch, s.sequence, s.publisher = e.Epoch, e.Sequence, publisher
	if e.Kind == tick.KindStatus {
		s.halted = e.Status == tick.StatusHalted
	}
	return 0, false
}

func (m *model) state(s *modelSymbol, now time.Time) (reason subscription.StateReason) {
	p := m.publishers[s.publisher]
	switch {
	case !s.busConfirmed:
		return subscription.BusLost
	case s.restarted || p.heard.IsZero() || now.Sub(p.heard) > 1500*time.Millisecond:
		return subscription.FeedSilent
	case s.halted:
		return subscription.Venue
	}
	return subscription.FeedLive
}

var (
	somePublisher = rapid.SampledFrom([]string{"p", "q"})
	someSymbol    = rapid.SampledFrom([]string{"A", "B", "C"})
)

func drawEvent(t *rapid.T) tick.Event {
	epoch := rapid.Uint64Range(1, 3).Draw(t, "epoch")
	sequence := rapid.Uint64Range(1, 12).Draw(t, "sequence")
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return trade(epoch, sequence)
	case 1:
		return status(epoch, sequence, rapid.SampledFrom([]tick.TradingStatus{tick.StatusTrading, tick.StatusHalted}).Draw(t, "status"))
	}
	return quote(epoch, sequence)
}

func (m *model) send(t *rapid.T, r *rig) {
	m.sendOne(r, somePublisher.Draw(t, "publisher"), someSymbol.Draw(t, "symbol"), drawEvent(t))
}

func (m *model) sendOne(r *rig, publisher, symbol string, e tick.Event) {
	m.published.Published(symbol, e)
	r.send(publisher, symbol, e)
	m.hear(publisher, e.Epoch, r.now)
	if reason, dropped := m.take(symbol, publisher, e); dropped {
		m.dropped[reason]++
		return
	}
	m.applied++
	s := m.symbols[symbol]
	s.restarted = s.restarted && !m.connected
	s.busConfirmed = s.busConfirmed || m.connected
}

// warmStart reads back one event of each kind for some symbols.
func (m *model) warmStart(t *rapid.T, r *rig) {
	var stored []feed.Stored
	touched := map[string]bool{}
	for _, symbol := range rapid.SliceOfNDistinct(someSymbol, 0, 3, rapid.ID[string]).Draw(t, "symbols") {
		publisher := somePublisher.Draw(t, "publisher")
		events := rapid.SliceOfNDistinct(rapid.Custom(drawEvent), 1, 3, func(e tick.Event) tick.Kind { return e.Kind }).Draw(t, "events")
		for _, e := range events {
			stored = append(stored, r.stored(publisher, symbol, e))
		}
		slices.SortStableFunc(events, func(a, b tick.Event) int {
			return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Kind, b.Kind))
		})
		known := m.symbols[symbol] != nil
		for _, e := range events {
			m.published.Published(symbol, e)
			s := m.symbols[symbol]
			if s != nil && (e.Epoch < s.epoch || e.Epoch == s.epoch && e.Sequence <= s.sequence) {
				continue
			}
			m.take(symbol, publisher, e)
			if p := m.publisher(publisher); p.epoch < e.Epoch {
				p.epoch = e.Epoch
			}
			if !known {
				m.symbols[symbol].missing = 0
			}
		}
		touched[symbol] = true
	}
	r.in.WarmStart(stored, r.now)
	for symbol := range touched {
		s := m.symbols[symbol]
		s.busConfirmed = true
		s.restarted = s.epoch < m.publishers[s.publisher].epoch
	}
}

func (m *model) check(t *rapid.T, r *rig) {
	stats := r.stats()
	if stats.Dropped != m.dropped {
		t.Fatalf("dropped %v, want %v", stats.Dropped, m.dropped)
	}
	if applied := stats.Quotes + stats.Trades + stats.Statuses; applied != m.applied {
		t.Fatalf("%d events applied, want %d", applied, m.applied)
	}
	for name, want := range m.symbols {
		record := r.latest(name)
		if record.Epoch != want.epoch || record.Sequence != want.sequence || record.Missing != want.missing {
			t.Fatalf("%s is at epoch %d, sequence %d, %d missing; want %+v", name, record.Epoch, record.Sequence, record.Missing, want)
		}
		state := r.table.Lookup(name).State()
		if reason := m.state(want, r.now); state.Reason != reason {
			t.Fatalf("%s is %v for reason %d, want reason %d", name, state.Market, state.Reason, reason)
		}
	}
}

// loseBus says that nothing is confirmed any more.
func (m *model) loseBus() {
	for _, s := range m.symbols {
		s.busConfirmed = false
	}
}

// forgetIdle forgets the publishers that a feed forgets.
func (m *model) forgetIdle(now time.Time) {
	for name, p := range m.publishers {
		idle := p.heard.IsZero() || now.Sub(p.heard) > 1500*time.Millisecond
		for _, s := range m.symbols {
			idle = idle && s.publisher != name
		}
		if idle {
			delete(m.publishers, name)
		}
	}
}

func (m *model) connect(t *rapid.T, r *rig) {
	r.in.Connected()
	if !m.connected {
		for _, p := range m.publishers {
			p.heard = time.Time{}
		}
	}
	m.connected = true
	m.warmStart(t, r)
}

// actions are what may happen to an ingester.
func (m *model) actions(r *rig) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"send":  func(t *rapid.T) { m.send(t, r) },
		"send ": func(t *rapid.T) { m.send(t, r) },
		"heartbeat": func(t *rapid.T) {
			publisher, epoch := somePublisher.Draw(t, "publisher"), rapid.Uint64Range(1, 3).Draw(t, "epoch")
			r.heartbeat(publisher, epoch)
			m.hear(publisher, epoch, r.now)
		},
		"pass": func(t *rapid.T) {
			r.pass(time.Duration(rapid.IntRange(1, 10).Draw(t, "steps")) * 300 * time.Millisecond)
			m.forgetIdle(r.now)
		},
		"disconnect": func(*rapid.T) {
			r.in.Disconnected(r.now)
			m.connected = false
			m.loseBus()
		},
		"connect": func(t *rapid.T) { m.connect(t, r) },
		"lose messages": func(*rapid.T) {
			r.in.Doubt(r.now)
			m.loseBus()
		},
		"": func(t *rapid.T) { m.check(t, r) },
	}
}

func TestIngesterAgreesWithItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, m := newRig(t, nil), newModel()
		r.in.Connected()
		t.Repeat(m.actions(r))
	})
}
