package gatewaytest

import (
	"fmt"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Held is what a client holds of one symbol: its updates merged as the comments of the API say, by code of its own.
type Held struct {
	Symbol   string
	Scales   tick.Scales
	State    tickgatev1.MarketState // as last told
	Epoch    uint64
	Sequence uint64 // of the last update; 0: none yet in this epoch
	Quote    tick.Quote
	Trade    tick.Trade
	Status   tick.TradingStatus

	Updates, Snapshots, Conflated, Missing uint64 // of this stream
}

// Price returns a price in digits; empty if it is absent.
func (h *Held) Price(a tick.Amount) string { return digits(a, h.Scales.Price) }

// Size returns a size or volume in digits; empty if it is absent.
func (h *Held) Size(a tick.Amount) string { return digits(a, h.Scales.Size) }

func digits(a tick.Amount, scale uint8) string {
	if !a.Present {
		return ""
	}
	return tick.Decimal{Mantissa: a.Mantissa, Scale: scale}.String()
}

// announce takes an instrument, and brings what is held to its scales.
func (h *Held) announce(i *tickgatev1.Instrument) error {
	to := tick.Scales{Price: uint8(i.GetPriceScale()), Size: uint8(i.GetSizeScale()), Turnover: uint8(i.GetTurnoverScale())}
	from := h.Scales
	if h.Epoch != i.GetEpoch() { // sequences begin anew
		h.Sequence = 0
	}
	h.Scales, h.State, h.Epoch = to, i.GetState(), i.GetEpoch()
	stats := &h.Trade.Stats
	price, size := tick.Some(h.Trade.Price), tick.Some(h.Trade.Size)
	for _, group := range []struct {
		from, to uint8
		amounts  []*tick.Amount
	}{
		{from.Price, to.Price, []*tick.Amount{&h.Quote.BidPrice, &h.Quote.AskPrice, &price, &stats.Open, &stats.High, &stats.Low}},
		{from.Size, to.Size, []*tick.Amount{&h.Quote.BidSize, &h.Quote.AskSize, &size, &stats.Volume}},
		{from.Turnover, to.Turnover, []*tick.Amount{&stats.Turnover}},
	} {
		for _, a := range group.amounts {
			mantissa, err := tick.Decimal{Mantissa: a.Mantissa, Scale: group.from}.Rescale(group.to)
			if err != nil {
				return fmt.Errorf("%s: rescale: %w", h.Symbol, err)
			}
			a.Mantissa = mantissa
		}
	}
	h.Trade.Price, h.Trade.Size = price.Mantissa, size.Mantissa
	return nil
}

// merge takes an update.
func (h *Held) merge(u *tickgatev1.Update) {
	h.Updates++
	h.Conflated += uint64(u.GetConflated())
	if sequence := u.GetSequence(); sequence != 0 {
		h.Sequence = sequence
	} else { // left out because it follows
		h.Sequence += uint64(u.GetConflated()) + 1
	}
	if u.GetSnapshot() {
		h.Snapshots++
		h.Quote, h.Trade, h.Status = tick.Quote{}, tick.Trade{}, 0
	}
	if u.Quote != nil {
		mergeQuote(&h.Quote, u.Quote)
	}
	if u.Trade != nil {
		h.Trade.Price, h.Trade.Size, h.Trade.Aggressor = u.Trade.GetPrice(), u.Trade.GetSize(), tick.Side(u.Trade.GetAggressor())
	}
	if u.Stats != nil {
		mergeStats(&h.Trade.Stats, u.Stats)
	}
	if u.Status != nil {
		h.Status = tick.TradingStatus(u.Status.GetStatus())
	}
}

func mergeQuote(held *tick.Quote, q *tickgatev1.Quote) {
	if q.GetBidCleared() {
		held.BidPrice, held.BidSize = tick.Amount{}, tick.Amount{}
	}
	if q.GetAskCleared() {
		held.AskPrice, held.AskSize = tick.Amount{}, tick.Amount{}
	}
	take(&held.BidPrice, q.BidPrice)
	take(&held.BidSize, q.BidSize)
	take(&held.AskPrice, q.AskPrice)
	take(&held.AskSize, q.AskSize)
}

func mergeStats(held *tick.Stats, s *tickgatev1.Stats) {
	take(&held.Volume, s.Volume)
	take(&held.Turnover, s.Turnover)
	take(&held.Open, s.Open)
	take(&held.High, s.High)
	take(&held.Low, s.Low)
	if s.TradeCount != nil {
		held.TradeCount = tick.Some(int64(*s.TradeCount))
	}
}

func take(held *tick.Amount, given *int64) {
	if given != nil {
		*held = tick.Some(*given)
	}
}

// Holdings is what a client holds, by symbol.
type Holdings map[string]*Held

// Sequence returns the sequence of the symbol's last update; 0 if there is none.
func (h Holdings) Sequence(symbol string) uint64 {
	if held := h[symbol]; held != nil {
		return held.Sequence
	}
	return 0
}
