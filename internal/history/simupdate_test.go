package history_test

import (
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// simKinds are the kinds of a simulated subscription.
type simKinds map[tick.Kind]bool

// snapshotOf builds a full update.
func snapshotOf(r *record, kinds simKinds) *tickgatev1.Update {
	u := &tickgatev1.Update{Sequence: r.sequence, Snapshot: true}
	if kinds[tick.KindQuote] {
		u.Quote = &tickgatev1.Quote{
			BidPrice: optional(r.quote.BidPrice), BidSize: optional(r.quote.BidSize),
			AskPrice: optional(r.quote.AskPrice), AskSize: optional(r.quote.AskSize),
		}
	}
	if kinds[tick.KindTrade] && r.tradeAt >= 0 {
		u.Trade, u.Stats = tradeOf(r), statsOf(tick.Stats{}, r.trade.Stats)
	}
	if kinds[tick.KindStatus] && r.status != tick.StatusUnknown {
		u.Status = &tickgatev1.Status{Status: tickgatev1.TradingStatus(r.status)}
	}
	return u
}

// differenceOf builds what changed from one record to a later one of the same epoch.
func differenceOf(from, to *record, kinds simKinds) *tickgatev1.Update {
	u := &tickgatev1.Update{Sequence: to.sequence}
	if kinds[tick.KindQuote] && from.quote != to.quote {
		u.Quote = quoteDifference(from, to)
	}
	if kinds[tick.KindTrade] && to.tradeAt > from.position {
		u.Trade, u.Stats = tradeOf(to), statsOf(from.trade.Stats, to.trade.Stats)
	}
	if kinds[tick.KindStatus] && from.status != to.status {
		u.Status = &tickgatev1.Status{Status: tickgatev1.TradingStatus(to.status)}
	}
	return u
}

// quoteDifference clears a side whose size is no longer given, since an absent size means unchanged.
func quoteDifference(from, to *record) *tickgatev1.Quote {
	f, t := rescaledQuote(from, to), to.quote
	q := &tickgatev1.Quote{}
	q.BidCleared = f.BidPrice.Present && !t.BidPrice.Present || f.BidSize.Present && !t.BidSize.Present
	q.AskCleared = f.AskPrice.Present && !t.AskPrice.Present || f.AskSize.Present && !t.AskSize.Present
	if q.BidCleared {
		f.BidPrice, f.BidSize = tick.Amount{}, tick.Amount{}
	}
	if q.AskCleared {
		f.AskPrice, f.AskSize = tick.Amount{}, tick.Amount{}
	}
	q.BidPrice, q.BidSize = changed(f.BidPrice, t.BidPrice), changed(f.BidSize, t.BidSize)
	q.AskPrice, q.AskSize = changed(f.AskPrice, t.AskPrice), changed(f.AskSize, t.AskSize)
	return q
}

func rescaledQuote(from, to *record) tick.Quote {
	q := from.quote
	for range to.scales.Price - from.scales.Price {
		timesTen(&q.BidPrice.Mantissa, &q.AskPrice.Mantissa)
	}
	return q
}

func tradeOf(r *record) *tickgatev1.Trade {
	return &tickgatev1.Trade{Price: r.trade.Price, Size: r.trade.Size, Aggressor: tickgatev1.Side(r.trade.Aggressor)}
}

func statsOf(from, to tick.Stats) *tickgatev1.Stats {
	s := &tickgatev1.Stats{
		Volume: changed(from.Volume, to.Volume),
		Open:   changed(from.Open, to.Open), High: changed(from.High, to.High), Low: changed(from.Low, to.Low),
	}
	if to.TradeCount.Present {
		count := uint64(to.TradeCount.Mantissa)
		s.TradeCount = &count
	}
	return s
}

func changed(from, to tick.Amount) *int64 {
	if from == to {
		return nil
	}
	return optional(to)
}

func optional(a tick.Amount) *int64 {
	if !a.Present {
		return nil
	}
	return &a.Mantissa
}
