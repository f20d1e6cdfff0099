package history

import (
	"fmt"
	"strings"

	tickgatev1 "tickgate/proto/tickgate/v1"

	"tickgate/pkg/tick"
)

// field is one number of a ticker.
type field uint8

// The fields, in groups: a quote, a trade with the session's figures, a status. Each group is a run, so that a group is a slice of values.
const (
	bidPrice field = iota
	bidSize
	askPrice
	askSize

	lastPrice
	lastSize
	aggressor
	volume
	tradeCount
	turnover
	open
	high
	low

	tradingStatus

	fieldCount
)

var fieldNames = [fieldCount]string{
	"bid", "bid size", "ask", "ask size",
	"last", "last size", "aggressor", "volume", "trades", "turnover", "open", "high", "low",
	"status",
}

// fieldSet has a bit for each field.
type fieldSet uint16

func (s fieldSet) has(f field) bool { return s&(1<<f) != 0 }

func (s *fieldSet) add(f field) { *s |= 1 << f }

func (s *fieldSet) remove(fields ...field) {
	for _, f := range fields {
		*s &^= 1 << f
	}
}

// scaleOf returns the decimal digits of a field.
func scaleOf(f field, scales tick.Scales) uint8 {
	switch f {
	case bidPrice, askPrice, lastPrice, open, high, low:
		return scales.Price
	case bidSize, askSize, lastSize, volume:
		return scales.Size
	case turnover:
		return scales.Turnover
	}
	return 0
}

// ticker is what a client holds of a symbol, merged as the API's comments say and in no other way. It shares no code with the gateway's
// record: a mistake there must not be made here as well.
type ticker struct {
	scales  tick.Scales
	present fieldSet
	values  [fieldCount]int64
}

func (t *ticker) set(f field, value int64) {
	t.values[f] = value
	t.present.add(f)
}

func (t *ticker) setOptional(f field, value *int64) {
	if value != nil {
		t.set(f, *value)
	}
}

// apply merges an update into what is held.
func (t *ticker) apply(u *tickgatev1.Update) {
	if u.GetSnapshot() {
		t.present = 0
	}
	if q := u.GetQuote(); q != nil {
		t.applyQuote(q)
	}
	if trade := u.GetTrade(); trade != nil {
		t.set(lastPrice, trade.GetPrice())
		t.set(lastSize, trade.GetSize())
		t.set(aggressor, int64(trade.GetAggressor()))
	}
	if s := u.GetStats(); s != nil {
		t.applyStats(s)
	}
	if s := u.GetStatus(); s != nil {
		t.set(tradingStatus, int64(s.GetStatus()))
		if s.GetStatus() == tickgatev1.TradingStatus_TRADING_STATUS_UNSPECIFIED {
			t.present.remove(tradingStatus)
		}
	}
}

// applyQuote clears before it sets: a side that is cleared and priced in one quote has the new price, and no size unless one is given.
func (t *ticker) applyQuote(q *tickgatev1.Quote) {
	if q.GetBidCleared() {
		t.present.remove(bidPrice, bidSize)
	}
	if q.GetAskCleared() {
		t.present.remove(askPrice, askSize)
	}
	t.setOptional(bidPrice, q.BidPrice)
	t.setOptional(bidSize, q.BidSize)
	t.setOptional(askPrice, q.AskPrice)
	t.setOptional(askSize, q.AskSize)
	t.present = withoutOrphanSizes(t.present)
}

// withoutOrphanSizes drops the size of an empty side.
func withoutOrphanSizes(present fieldSet) fieldSet {
	if !present.has(bidPrice) {
		present.remove(bidSize)
	}
	if !present.has(askPrice) {
		present.remove(askSize)
	}
	return present
}

func (t *ticker) applyStats(s *tickgatev1.Stats) {
	t.setOptional(volume, s.Volume)
	if s.TradeCount != nil {
		t.set(tradeCount, int64(s.GetTradeCount()))
	}
	t.setOptional(turnover, s.Turnover)
	t.setOptional(open, s.Open)
	t.setOptional(high, s.High)
	t.setOptional(low, s.Low)
}

// rescale brings what is held to the scales of an instrument that is announced anew. It fails where digits would be lost.
func (t *ticker) rescale(to tick.Scales) error {
	for f := range fieldCount {
		if !t.present.has(f) {
			continue
		}
		value, err := tick.Decimal{Mantissa: t.values[f], Scale: scaleOf(f, t.scales)}.Rescale(scaleOf(f, to))
		if err != nil {
			return err
		}
		t.values[f] = value
	}
	t.scales = to
	return nil
}

// matches reports whether the group of fields that e has is held exactly.
func (t *ticker) matches(e event) bool {
	for i, want := range e.values {
		f := e.first + field(i)
		if !t.present.has(f) {
			if e.present.has(f) {
				return false
			}
			continue
		}
		if !e.present.has(f) && !e.carried.has(f) {
			return false
		}
		scaled, err := tick.Decimal{Mantissa: want, Scale: scaleOf(f, e.scales)}.Rescale(scaleOf(f, t.scales))
		if err != nil || scaled != t.values[f] {
			return false
		}
	}
	return true
}

// text writes the group of fields that e has, as t holds them.
func (t *ticker) text(e event) string {
	return fieldsText(e.first, t.values[e.first:int(e.first)+len(e.values)], t.present, t.scales)
}

func fieldsText(first field, values []int64, present fieldSet, scales tick.Scales) string {
	var b strings.Builder
	for i, value := range values {
		f := first + field(i)
		if !present.has(f) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", fieldNames[f], tick.Decimal{Mantissa: value, Scale: scaleOf(f, scales)})
	}
	if b.Len() == 0 {
		return "nothing"
	}
	return b.String()
}
