package publish

import (
	"math"

	"tickgate/pkg/tick"
)

// maxTurnoverScale is the most digits that a turnover is given: more would leave too few before the point.
const maxTurnoverScale = 4

// session holds the figures of one symbol in one epoch: everything after New is forgotten when the epoch ends.
type session struct {
	sequence uint64
	counted  uint64      // up to here, see Publisher.countUpTo
	scales   tick.Scales // only grow

	volume, tradeCount, open, high, low tick.Amount
	volumeOverflown                     bool

	turnover          int128 // at scale Price + Size; rounded once per event, so errors do not add up
	turnoverOverflown bool
}

// grow brings the figures to greater scales.
func (s *session) grow(to tick.Scales) {
	rescaleAmount(&s.open, s.scales.Price, to.Price)
	rescaleAmount(&s.high, s.scales.Price, to.Price)
	rescaleAmount(&s.low, s.scales.Price, to.Price)
	if !rescaleAmount(&s.volume, s.scales.Size, to.Size) {
		s.volumeOverflown = true
	}
	before, after := s.scales.Price+s.scales.Size, to.Price+to.Size
	if !s.turnover.scaleUp(after - before) {
		s.turnoverOverflown = true
	}
	s.scales = to
}

// fits reports whether the prices that grow brings to another scale stay within int64; volume and turnover may be left out instead.
func (s *session) fits(to tick.Scales) bool {
	for _, a := range [...]tick.Amount{s.open, s.high, s.low} {
		if !rescaleAmount(&a, s.scales.Price, to.Price) {
			return false
		}
	}
	return true
}

// count adds a trade and writes the figures after it into the trade.
func (s *session) count(t *tick.Trade) {
	if !s.open.Present {
		s.open, s.high, s.low = tick.Some(t.Price), tick.Some(t.Price), tick.Some(t.Price)
		s.volume, s.tradeCount = tick.Some(0), tick.Some(0)
	}
	s.high.Mantissa = max(s.high.Mantissa, t.Price)
	s.low.Mantissa = min(s.low.Mantissa, t.Price)
	s.tradeCount.Mantissa++
	if !s.volumeOverflown && s.volume.Mantissa > math.MaxInt64-t.Size {
		s.volumeOverflown = true
	}
	s.volume.Mantissa += t.Size
	if !s.turnoverOverflown && !s.turnover.addProduct(t.Price, t.Size) {
		s.turnoverOverflown = true
	}
	t.Stats = tick.Stats{Volume: s.volume, TradeCount: s.tradeCount, Turnover: s.roundedTurnover(), Open: s.open, High: s.high, Low: s.low}
	if s.volumeOverflown {
		t.Stats.Volume = tick.Amount{}
	}
}

func (s *session) roundedTurnover() tick.Amount {
	if s.turnoverOverflown {
		return tick.Amount{}
	}
	rounded, ok := s.turnover.roundDown(s.scales.Price + s.scales.Size - s.scales.Turnover)
	return tick.Amount{Mantissa: rounded, Present: ok}
}

// greatest returns the scales that both the session and an event fit.
func (s *session) greatest(event tick.Scales) tick.Scales {
	price := max(s.scales.Price, event.Price)
	return tick.Scales{Price: price, Size: max(s.scales.Size, event.Size), Turnover: min(price, maxTurnoverScale)}
}

// rescaleEvent brings the mantissas that the event's kind uses to other scales; false if one does not fit, and e is of no use then.
func rescaleEvent(e *tick.Event, to tick.Scales) bool {
	from := e.Scales
	e.Scales = to
	switch e.Kind {
	case tick.KindQuote:
		q := &e.Quote
		return rescaleAmount(&q.BidPrice, from.Price, to.Price) && rescaleAmount(&q.AskPrice, from.Price, to.Price) &&
			rescaleAmount(&q.BidSize, from.Size, to.Size) && rescaleAmount(&q.AskSize, from.Size, to.Size)
	case tick.KindTrade:
		return rescale(&e.Trade.Price, from.Price, to.Price) && rescale(&e.Trade.Size, from.Size, to.Size)
	}
	return true
}

func rescaleAmount(a *tick.Amount, from, to uint8) bool {
	return !a.Present || rescale(&a.Mantissa, from, to)
}

func rescale(mantissa *int64, from, to uint8) bool {
	if from == to {
		return true
	}
	scaled, err := tick.Decimal{Mantissa: *mantissa, Scale: from}.Rescale(to)
	if err != nil {
		return false
	}
	*mantissa = scaled
	return true
}
