package history_test

import (
	"tickgate/pkg/tick"
)

// market is one symbol of the simulator: its publisher, and what the gateway has taken of it.
type market struct {
	name string
	id   uint32

	// The publisher's side.
	epoch, sequence uint64
	scales          tick.Scales
	cents           int64 // last price at scale 2
	stats           tick.Stats

	// The gateway's side.
	records []record // oldest first; the newest ringDepth of them can still be read
	state   simState
}

// ringDepth is how many records a reader under NONE, or one that resumes, can go back.
const ringDepth = 6

// record is the gateway's merged value after one event.
type record struct {
	position int // in market.records
	epoch    uint64
	sequence uint64
	missing  uint64 // feed events missing in this epoch so far
	received int64
	kind     tick.Kind // of the newest event
	scales   tick.Scales

	quote   tick.Quote
	trade   tick.Trade
	tradeAt int // position of the newest trade; -1: none
	status  tick.TradingStatus
}

// nextEvent makes the publisher's next event.
func (m *market) nextEvent(pick picker, now int64) tick.Event {
	m.sequence++
	e := tick.Event{Epoch: m.epoch, Sequence: m.sequence, Scales: m.scales, TsEvent: tick.Time(now), Kind: tick.KindStatus}
	unit := int64(1)
	for range m.scales.Price - 2 {
		unit *= 10
	}
	m.cents += int64(pick(5)) - 2
	switch choice := pick(10); {
	case choice < 5:
		e.Kind = tick.KindQuote
		e.Quote = m.nextQuote(pick, unit)
	case choice < 9:
		e.Kind = tick.KindTrade
		e.Trade = m.nextTrade(pick, unit)
	default:
		e.Status = tick.TradingStatus(1 + pick(4))
	}
	return e
}

func (m *market) nextQuote(pick picker, unit int64) tick.Quote {
	q := tick.Quote{
		BidPrice: tick.Some((m.cents - 1) * unit), BidSize: tick.Some(int64(1 + pick(3))),
		AskPrice: tick.Some((m.cents + 1) * unit), AskSize: tick.Some(int64(1 + pick(3))),
	}
	switch pick(8) {
	case 0:
		q.BidPrice = tick.Amount{}
	case 1:
		q.AskPrice, q.AskSize = tick.Amount{}, tick.Amount{}
	case 2:
		q.BidSize = tick.Amount{}
	}
	return q
}

func (m *market) nextTrade(pick picker, unit int64) tick.Trade {
	price, size := m.cents*unit, int64(1+pick(3))
	m.stats.Volume = tick.Some(m.stats.Volume.Mantissa + size)
	m.stats.TradeCount = tick.Some(m.stats.TradeCount.Mantissa + 1)
	if !m.stats.Open.Present {
		m.stats.Open, m.stats.High, m.stats.Low = tick.Some(price), tick.Some(price), tick.Some(price)
	}
	m.stats.High = tick.Some(max(m.stats.High.Mantissa, price))
	m.stats.Low = tick.Some(min(m.stats.Low.Mantissa, price))
	return tick.Trade{Price: price, Size: size, Aggressor: tick.Side(pick(3)), Stats: m.stats}
}

// growScale makes the publisher, and what it repeats, one digit finer.
func (m *market) growScale() {
	m.scales.Price++
	timesTen(&m.stats.Open.Mantissa, &m.stats.High.Mantissa, &m.stats.Low.Mantissa)
}

func timesTen(mantissas ...*int64) {
	for _, m := range mantissas {
		*m *= 10
	}
}

// restart begins a new epoch.
func (m *market) restart() {
	m.epoch++
	m.sequence, m.stats = 0, tick.Stats{}
	m.scales = tick.Scales{Price: 2}
}

// take merges an event into the gateway's newest record.
func (m *market) take(e tick.Event, now int64) {
	r := record{tradeAt: -1, scales: e.Scales}
	if last := m.newest(); last != nil {
		if last.epoch == e.Epoch {
			r = *last
			r.missing += e.Sequence - last.sequence - 1
		}
	} else {
		r.missing = 0
	}
	for r.scales.Price < e.Scales.Price {
		r.scales.Price++
		q, t := &r.quote, &r.trade
		timesTen(&q.BidPrice.Mantissa, &q.AskPrice.Mantissa, &t.Price, &t.Stats.Open.Mantissa, &t.Stats.High.Mantissa, &t.Stats.Low.Mantissa)
	}
	r.position, r.epoch, r.sequence, r.received, r.kind = len(m.records), e.Epoch, e.Sequence, now, e.Kind
	switch e.Kind {
	case tick.KindQuote:
		r.quote = e.Quote
		if !e.Quote.BidPrice.Present {
			r.quote.BidSize = tick.Amount{}
		}
	case tick.KindTrade:
		r.trade, r.tradeAt = e.Trade, r.position
	case tick.KindStatus:
		r.status = e.Status
	}
	m.records = append(m.records, r)
}

func (m *market) newest() *record {
	if len(m.records) == 0 {
		return nil
	}
	return &m.records[len(m.records)-1]
}

// oldest is the position of the oldest record that can still be read.
func (m *market) oldest() int { return max(0, len(m.records)-ringDepth) }

// find returns the record of a point if it can still be read.
func (m *market) find(epoch, sequence uint64) *record {
	for i := m.oldest(); i < len(m.records); i++ {
		if m.records[i].epoch == epoch && m.records[i].sequence == sequence {
			return &m.records[i]
		}
	}
	return nil
}
