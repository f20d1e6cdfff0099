package generate

import (
	"io"
	"math/rand/v2"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/pkg/tick"
)

// Market is a feedsim.Source of made-up quotes and trades. At is the time since its start.
type Market struct {
	// Immutable after New.
	grid         grid
	spreadTicks  int64
	tradeShare   float64
	crossedShare float64
	count        uint64
	duration     tick.Time

	arrivals arrivals
	rate     float64 // events per second
	random   *rand.Rand
	books    []book
	made     uint64
	item     feedsim.Item // what Next returns
}

// book is one symbol's state.
type book struct {
	symbol string
	level  int64      // ticks of the lower side of the newest quote
	quote  tick.Quote // newest; absent before the first
}

// stream is the second half of the random generator's seed: any fixed number does.
const stream = 0x7469636b67617465

// New returns a market at its start.
func New(c Config) (*Market, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	grid, err := c.grid()
	if err != nil {
		return nil, err
	}
	m := &Market{
		grid: grid, spreadTicks: int64(c.SpreadTicks), tradeShare: c.TradeShare, crossedShare: c.CrossedShare,
		count: c.Count, duration: tick.Time(c.Duration / time.Nanosecond),
		arrivals: newArrivals(c), rate: c.Rate,
		random: rand.New(rand.NewPCG(c.Seed, stream)),
		books:  make([]book, c.Symbols),
	}
	tenth := grid.start / 10
	for i := range m.books {
		m.books[i] = book{symbol: c.name(i + 1), level: grid.start - tenth + m.random.Int64N(2*tenth+1)}
	}
	return m, nil
}

// Next returns the next event, and io.EOF beyond the bound.
func (m *Market) Next() (*feedsim.Item, error) {
	if m.count != 0 && m.made == m.count {
		return nil, io.EOF
	}
	at := m.arrivals.next()
	if m.duration != 0 && at >= m.duration {
		return nil, io.EOF
	}
	m.made++
	b := &m.books[m.random.IntN(len(m.books))]
	m.item = feedsim.Item{Symbol: b.symbol, At: at, Event: tick.Event{Scales: m.grid.scales}}
	if b.quote.BidPrice.Present && m.random.Float64() < m.tradeShare {
		m.trade(b, &m.item.Event)
	} else {
		m.quote(b, &m.item.Event)
	}
	return &m.item, nil
}

// EventsPerSecond returns the rate outside of bursts.
func (m *Market) EventsPerSecond() float64 { return m.rate }

// SetRate changes the rate from a time on: what Next has returned for a later time comes sooner, or later, in proportion.
func (m *Market) SetRate(eventsPerSecond float64, from tick.Time) error {
	if err := validateRate(eventsPerSecond); err != nil {
		return err
	}
	m.rate = eventsPerSecond
	m.item.At = m.arrivals.change(eventsPerSecond, m.item.At, from)
	return nil
}

// Close does nothing.
func (m *Market) Close() error { return nil }

// The largest sizes, in lots.
const (
	maxQuoteLots = 100
	maxTradeLots = 10
)

// quote moves the level by a tick at most, and sets a new spread and new sizes.
func (m *Market) quote(b *book, e *tick.Event) {
	switch m.random.IntN(4) {
	case 0:
		b.level = max(b.level-1, 1)
	case 1:
		b.level++
	}
	lower, upper := b.level, b.level+1+m.random.Int64N(m.spreadTicks)
	b.quote = tick.Quote{
		BidPrice: tick.Some(lower * m.grid.tickUnits), BidSize: m.size(maxQuoteLots),
		AskPrice: tick.Some(upper * m.grid.tickUnits), AskSize: m.size(maxQuoteLots),
	}
	if m.crossedShare > 0 && m.random.Float64() < m.crossedShare {
		b.quote.BidPrice, b.quote.AskPrice = b.quote.AskPrice, b.quote.BidPrice
	}
	e.Kind, e.Quote = tick.KindQuote, b.quote
}

// trade takes from one side of the newest quote.
func (m *Market) trade(b *book, e *tick.Event) {
	e.Kind = tick.KindTrade
	e.Trade = tick.Trade{Price: b.quote.AskPrice.Mantissa, Aggressor: tick.SideBuy, Size: m.size(maxTradeLots).Mantissa}
	if m.random.IntN(2) == 0 {
		e.Trade.Price, e.Trade.Aggressor = b.quote.BidPrice.Mantissa, tick.SideSell
	}
}

func (m *Market) size(maxLots int64) tick.Amount {
	return tick.Some((1 + m.random.Int64N(maxLots)) * m.grid.lotUnits)
}
