package client

import (
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// instrument is what an id of one stream stands for. Two streams may know a symbol by different scales, and one of them may be behind.
type instrument struct {
	entry    *entry
	scales   scales
	epoch    uint64
	sequence uint64 // of the stream's previous update; 0: there is none since it was announced
}

// number gives an update the sequence that its gateway has left out because it follows from that of the one before.
func (i *instrument) number(u *update) {
	if u.sequence == 0 {
		u.sequence = i.sequence + uint64(u.conflated) + 1
	}
	i.sequence = u.sequence
}

// scales are the digits after the point of a symbol's numbers.
type scales struct{ price, size, turnover uint8 }

func scalesOf(i *tickgatev1.Instrument) scales {
	return scales{enum(uint64(i.GetPriceScale())), enum(uint64(i.GetSizeScale())), enum(uint64(i.GetTurnoverScale()))}
}

// standing is where an update stands against what is held.
type standing uint8

const (
	older   standing = iota // of a gateway that is behind: what it changes is older, too
	same                    // nothing new, but a snapshot may tell more of it
	newer                   // the next
	renewed                 // the first of a new epoch
)

func (e *entry) standing(epoch, sequence uint64) standing {
	switch held := &e.ticker; {
	case epoch < held.Epoch || epoch == held.Epoch && sequence < held.Sequence:
		return older
	case epoch > held.Epoch:
		return renewed
	case sequence == held.Sequence:
		return same
	}
	return newer
}

// updateLocked merges an update into its entry. An older one changes nothing, and so a gateway that is behind, whether in a sequence or with a whole epoch, takes nothing back: what is held
// stands until the gateway has caught up.
func (b *Book) updateLocked(i *instrument, u *update, head *batchHead, now time.Time) {
	e := i.entry
	t := &e.ticker
	at := e.standing(i.epoch, u.sequence)
	if at == older || at == same && !u.snapshot {
		return
	}
	what := event{changed: u.groups, isUpdate: at != same}
	if u.snapshot || at == renewed {
		what.changed |= IsSnapshot
		e.forgetValues()
	}
	e.rescale(i.scales)
	e.mergeGroups(u)
	if what.isUpdate {
		what.merged = uint64(u.conflated)
		if at == newer && t.Sequence > 0 { // two streams may have told parts of it
			what.merged = min(what.merged, u.sequence-t.Sequence-1)
		}
		t.Updates++
		t.Conflated += what.merged
	}
	t.Epoch, t.Sequence = i.epoch, u.sequence
	b.timeLocked(t, u, head, now)
	b.noteLocked(e, what)
}

// timeLocked notes when it all happened. A snapshot may be of long ago, and is no measure of what updates take.
func (b *Book) timeLocked(t *Ticker, u *update, head *batchHead, now time.Time) {
	received, event := head.times(u)
	t.setTimes(u, received, event)
	t.Received, t.AgeWhenSent = now, time.Duration(u.recvAge)
	b.latency.recordLocked(StageNetwork, now.UnixNano()-head.tsSend)
	if u.snapshot {
		return
	}
	b.latency.recordLocked(StageGateway, int64(u.recvAge))
	if u.event.given {
		b.latency.recordLocked(StageVenue, received-event)
	}
}

// times returns when the gateway received an update's newest event, and when the venue says that it was.
func (h *batchHead) times(u *update) (received, event int64) {
	received = h.tsSend - int64(u.recvAge)
	if h.eventBase != 0 {
		return received, u.event.value + h.eventBase
	}
	return received, u.event.value + received
}

func (t *Ticker) setTimes(u *update, received, event int64) {
	t.RecvTime, t.EventTime = time.Unix(0, received), time.Time{}
	if u.event.given {
		t.EventTime = time.Unix(0, event)
	}
}

// forgetValues makes room for full state.
func (e *entry) forgetValues() {
	t := &e.ticker
	t.Bid, t.BidSize, t.Ask, t.AskSize = Decimal{}, Decimal{}, Decimal{}, Decimal{}
	t.Last, t.LastSize, t.Aggressor, t.Status, t.Trades = Decimal{}, Decimal{}, 0, 0, 0
	t.Volume, t.Turnover, t.Open, t.High, t.Low = Decimal{}, Decimal{}, Decimal{}, Decimal{}, Decimal{}
}

// mergeGroups takes what an update gives.
func (e *entry) mergeGroups(u *update) {
	t := &e.ticker
	if u.groups&QuoteChanged != 0 {
		if u.bidCleared {
			t.Bid, t.BidSize = Decimal{}, Decimal{}
		}
		if u.askCleared {
			t.Ask, t.AskSize = Decimal{}, Decimal{}
		}
		take(&t.Bid, u.bidPrice, e.scales.price)
		take(&t.BidSize, u.bidSize, e.scales.size)
		take(&t.Ask, u.askPrice, e.scales.price)
		take(&t.AskSize, u.askSize, e.scales.size)
	}
	if u.groups&TradeChanged != 0 {
		t.Last = Decimal{Mantissa: u.tradePrice, Scale: e.scales.price, Valid: true}
		t.LastSize = Decimal{Mantissa: u.tradeSize, Scale: e.scales.size, Valid: true}
		t.Aggressor = u.aggressor
	}
	if u.groups&StatsChanged != 0 {
		take(&t.Volume, u.volume, e.scales.size)
		take(&t.Turnover, u.turnover, e.scales.turnover)
		take(&t.Open, u.open, e.scales.price)
		take(&t.High, u.high, e.scales.price)
		take(&t.Low, u.low, e.scales.price)
		if u.trades.given {
			t.Trades = uint64(u.trades.value)
		}
	}
	if u.groups&StatusChanged != 0 {
		t.Status = u.status
	}
}

func take(held *Decimal, number optional, scale uint8) {
	if number.given {
		*held = Decimal{Mantissa: number.value, Scale: scale, Valid: true}
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
