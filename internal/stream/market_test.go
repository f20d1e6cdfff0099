package stream_test

import (
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// market publishes one symbol, and logs what it publishes.
type market struct {
	gate   *gate
	symbol *subscription.Symbol
	record tick.Record
	epoch  uint64
	next   uint64
	price  int64
	volume int64
	trades int64
}

var live = &subscription.State{Market: subscription.Live, Reason: subscription.FeedLive}

func (g *gate) market(symbol string) *market {
	g.t.Helper()
	s, err := g.table.Open(symbol)
	if err != nil {
		g.t.Fatal(err)
	}
	g.table.SetState(s, live)
	return &market{gate: g, symbol: s, record: tick.NewRecord(), epoch: 1}
}

// publish gives the event its number and publishes it.
func (m *market) publish(e tick.Event) {
	m.gate.t.Helper()
	m.next++
	e.Scales, e.Epoch, e.Sequence = tick.Scales{Price: 2, Size: 3}, m.epoch, m.next
	m.gate.published.Published(m.symbol.Name(), e)
	if err := m.record.Apply(&e, tick.Time(time.Now().UnixNano())); err != nil {
		m.gate.t.Fatal(err)
	}
	m.gate.table.Publish(m.symbol, &m.record)
}

// quote publishes the next event: a bid at price and an ask one tick above.
func (m *market) quote(price int64) {
	m.gate.t.Helper()
	m.publish(tick.Event{Kind: tick.KindQuote, TsEvent: tick.Time(time.Now().UnixNano()), Quote: tick.Quote{
		BidPrice: tick.Some(price), BidSize: tick.Some(1_000), AskPrice: tick.Some(price + 1), AskSize: tick.Some(2_000),
	}})
}

func (m *market) trade(price, size int64) {
	m.gate.t.Helper()
	m.volume += size
	m.trades++
	m.publish(tick.Event{Kind: tick.KindTrade, TsEvent: tick.Time(time.Now().UnixNano()), Trade: tick.Trade{
		Price: price, Size: size, Aggressor: tick.SideBuy,
		Stats: tick.Stats{Volume: tick.Some(m.volume), TradeCount: tick.Some(m.trades)},
	}})
}

func (m *market) status(s tick.TradingStatus) {
	m.gate.t.Helper()
	m.publish(tick.Event{Kind: tick.KindStatus, Status: s})
}

// enter changes the state of the symbol.
func (m *market) enter(s *subscription.State) {
	m.gate.table.SetState(m.symbol, s)
	m.gate.table.StatesChanged()
}

// omit skips the next number, which is lost on the way.
func (m *market) omit() {
	m.next++
	m.gate.published.Omitted(m.symbol.Name(), tick.Event{Kind: tick.KindQuote, Epoch: m.epoch, Sequence: m.next})
	m.record.Missing++
}

// restart begins a new epoch.
func (m *market) restart() { m.epoch, m.next = m.epoch+1, 0 }

// vary publishes something that differs with the choice: prices, sizes that disappear, empty sides, trades, statuses, holes, new epochs.
func (m *market) vary(choice uint32) {
	m.gate.t.Helper()
	m.price += int64(choice%7) - 3
	switch choice % 16 {
	case 0:
		m.omit()
		m.quote(m.price)
	case 1:
		m.status(tick.TradingStatus(choice / 16 % 5))
	case 2:
		m.publish(tick.Event{Kind: tick.KindQuote, Quote: tick.Quote{BidPrice: tick.Some(m.price)}})
	case 3:
		m.publish(tick.Event{Kind: tick.KindQuote})
	case 4, 5, 6:
		m.trade(m.price, int64(choice%100))
	case 7:
		if choice/16%16 == 0 {
			m.restart()
		}
		m.quote(m.price)
	default:
		m.quote(m.price)
	}
}
