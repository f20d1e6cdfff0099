package client

import (
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// updateLocked merges an update into its entry. One that is older than what is held comes from a gateway that is behind, and is passed over: what it changes is older, too.
func (b *Book) updateLocked(e *entry, u *tickgatev1.Update, m *tickgatev1.Batch, now time.Time) {
	t := &e.ticker
	if u.GetSequence() < t.Sequence {
		return
	}
	isNew := u.GetSequence() > t.Sequence // else it is a snapshot of what is held
	changed := Changes(0)
	if u.GetSnapshot() {
		changed |= IsSnapshot
		t.Bid, t.BidSize, t.Ask, t.AskSize = Decimal{}, Decimal{}, Decimal{}, Decimal{}
		t.Last, t.LastSize, t.Aggressor, t.Status, t.Trades = Decimal{}, Decimal{}, 0, 0, 0
		t.Volume, t.Turnover, t.Open, t.High, t.Low = Decimal{}, Decimal{}, Decimal{}, Decimal{}, Decimal{}
	}
	changed |= e.mergeGroups(u)
	t.Sequence = u.GetSequence()
	e.resume = position{t.Epoch, t.Sequence}
	conflated := uint64(0)
	if isNew {
		conflated = uint64(u.GetConflated())
		t.Updates++
		t.Conflated += conflated
	}
	sent := m.GetTsSend()
	received := sent - int64(u.GetRecvAge())
	t.RecvTime, t.Received = time.Unix(0, received), now
	b.latency.record(StageNetwork, now.UnixNano()-sent)
	if !u.GetSnapshot() { // which may be of long ago
		b.latency.record(StageGateway, sent-received)
	}
	t.EventTime = time.Time{}
	if u.EventDelta != nil {
		event := u.GetEventDelta() + received
		if base := m.GetTsEventBase(); base != 0 {
			event = u.GetEventDelta() + base
		}
		t.EventTime = time.Unix(0, event)
		if !u.GetSnapshot() {
			b.latency.record(StageVenue, received-event)
		}
	}
	b.noteLocked(e, event{changed: changed, merged: conflated, isUpdate: isNew})
}

// mergeGroups takes what an update gives, and says what that was.
func (e *entry) mergeGroups(u *tickgatev1.Update) (changed Changes) {
	t := &e.ticker
	if q := u.GetQuote(); q != nil {
		changed |= QuoteChanged
		if q.GetBidCleared() {
			t.Bid, t.BidSize = Decimal{}, Decimal{}
		}
		if q.GetAskCleared() {
			t.Ask, t.AskSize = Decimal{}, Decimal{}
		}
		take(&t.Bid, q.BidPrice, e.scales.price)
		take(&t.BidSize, q.BidSize, e.scales.size)
		take(&t.Ask, q.AskPrice, e.scales.price)
		take(&t.AskSize, q.AskSize, e.scales.size)
	}
	if trade := u.GetTrade(); trade != nil {
		changed |= TradeChanged
		t.Last = Decimal{Mantissa: trade.GetPrice(), Scale: e.scales.price, Valid: true}
		t.LastSize = Decimal{Mantissa: trade.GetSize(), Scale: e.scales.size, Valid: true}
		t.Aggressor = Side(trade.GetAggressor())
	}
	if s := u.GetStats(); s != nil {
		changed |= StatsChanged
		take(&t.Volume, s.Volume, e.scales.size)
		take(&t.Turnover, s.Turnover, e.scales.turnover)
		take(&t.Open, s.Open, e.scales.price)
		take(&t.High, s.High, e.scales.price)
		take(&t.Low, s.Low, e.scales.price)
		if s.TradeCount != nil {
			t.Trades = s.GetTradeCount()
		}
	}
	if s := u.GetStatus(); s != nil {
		changed |= StatusChanged
		t.Status = TradingStatus(s.GetStatus())
	}
	return changed
}

func take(held *Decimal, given *int64, scale uint8) {
	if given != nil {
		*held = Decimal{Mantissa: *given, Scale: scale, Valid: true}
	}
}

// rescale brings what is held to other scales.
func (e *entry) rescale(to scales) {
	if e.scales == to {
		return
	}
	e.scales = to
	t := &e.ticker
	for _, d := range []*Decimal{&t.Bid, &t.Ask, &t.Last, &t.Open, &t.High, &t.Low} {
		*d = d.rescaled(to.price)
	}
	for _, d := range []*Decimal{&t.BidSize, &t.AskSize, &t.LastSize, &t.Volume} {
		*d = d.rescaled(to.size)
	}
	t.Turnover = t.Turnover.rescaled(to.turnover)
}
