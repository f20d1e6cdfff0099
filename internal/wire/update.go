package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"tickgate/pkg/tick"
)

// MaxUpdateBytes is more than one update with everything in it can take.
const MaxUpdateBytes = 256

// Field numbers of tickgate.v1.Update and what it holds.
const (
	updateInstrumentID = 1
	updateSequence     = 2
	updateConflated    = 3
	updateSnapshot     = 4
	updateRecvAge      = 5
	updateEventDelta   = 6
	updateQuote        = 7
	updateTrade        = 8
	updateStats        = 9
	updateStatus       = 10

	quoteBidPrice   = 1
	quoteBidSize    = 2
	quoteAskPrice   = 3
	quoteAskSize    = 4
	quoteBidCleared = 5
	quoteAskCleared = 6

	tradePrice     = 1
	tradeSize      = 2
	tradeAggressor = 3

	statsVolume     = 1
	statsTradeCount = 2
	statsTurnover   = 3
	statsOpen       = 4
	statsHigh       = 5
	statsLow        = 6

	statusStatus = 1
)

// Update appends the changed groups of a record; with snapshot everything that it has of those groups. sequence is the record's, or 0 where the client works it out.
func (b *Batch) Update(id uint32, sequence uint64, r *tick.Record, changed tick.Changes, conflated uint64, snapshot bool) {
	dst := appendTag(b.buf, batchUpdates, protowire.BytesType)
	at := len(dst)
	dst = append(dst, 0)
	dst = appendUint(dst, updateInstrumentID, uint64(id))
	dst = appendUint(dst, updateSequence, sequence)
	dst = appendUint(dst, updateConflated, min(conflated, 1<<32-1))
	if snapshot {
		dst = append(dst, updateSnapshot<<3, 1)
	}
	recvAge := max(0, b.tsSend-int64(r.TsRecv))
	dst = appendUint(dst, updateRecvAge, uint64(recvAge))
	if r.TsEvent != 0 {
		dst = appendSint(dst, updateEventDelta, int64(r.TsEvent)-b.baseOf(r, b.tsSend-recvAge))
	}
	if changed&tick.ChangedQuote != 0 {
		dst = appendQuote(dst, r, changed, snapshot)
	}
	if changed&(tick.ChangedTrade|tick.ChangedRange) != 0 {
		dst = appendTrade(dst, r, changed)
	}
	if changed&tick.ChangedStatus != 0 && (r.Status != tick.StatusUnknown || !snapshot) { // a status that is not known any more is told
		dst = append(dst, updateStatus<<3|byte(protowire.BytesType), 2, statusStatus<<3, byte(r.Status))
	}
	b.buf = closeMessage(dst, at)
}

// farEvent is from where a base for the batch, of nine bytes, takes less than longer deltas do: such a delta has five bytes or more.
const farEvent = 1 << 33 // about 9 s

// baseOf returns what the venue's time counts from. The first one decides for the batch.
func (b *Batch) baseOf(r *tick.Record, tsRecv int64) int64 {
	if !b.hasEvents {
		b.hasEvents = true
		if delta := int64(r.TsEvent) - tsRecv; delta > farEvent || delta < -farEvent {
			b.eventBase = int64(r.TsEvent)
		}
	}
	if b.eventBase != 0 {
		return b.eventBase
	}
	return tsRecv
}

func appendQuote(dst []byte, r *tick.Record, changed tick.Changes, snapshot bool) []byte {
	const (
		prices = tick.HasBidPrice | tick.HasAskPrice
		whole  = prices | tick.HasBidSize | tick.HasAskSize
	)
	if snapshot && r.Presence&prices == 0 {
		return dst
	}
	dst = append(dst, updateQuote<<3|byte(protowire.BytesType), 0)
	at := len(dst) - 1
	if r.Presence&whole == whole { // nearly always
		dst = appendWholeQuote(dst, r, changed)
	} else {
		dst = appendSide(dst, quoteBidPrice, changed&tick.ChangedBidPrice != 0, changed&tick.ChangedBidSize != 0, snapshot,
			side{r.BidPrice, r.BidSize, r.Presence&tick.HasBidPrice != 0, r.Presence&tick.HasBidSize != 0})
		dst = appendSide(dst, quoteAskPrice, changed&tick.ChangedAskPrice != 0, changed&tick.ChangedAskSize != 0, snapshot,
			side{r.AskPrice, r.AskSize, r.Presence&tick.HasAskPrice != 0, r.Presence&tick.HasAskSize != 0})
	}
	dst[at] = byte(len(dst) - at - 1) // 48 bytes at most
	return dst
}

// appendWholeQuote appends what changed of a quote that has both sides, each with a size.
func appendWholeQuote(dst []byte, r *tick.Record, changed tick.Changes) []byte {
	if changed&tick.ChangedBidPrice != 0 {
		dst = appendSint(dst, quoteBidPrice, r.BidPrice)
	}
	if changed&tick.ChangedBidSize != 0 {
		dst = appendSint(dst, quoteBidSize, r.BidSize)
	}
	if changed&tick.ChangedAskPrice != 0 {
		dst = appendSint(dst, quoteAskPrice, r.AskPrice)
	}
	if changed&tick.ChangedAskSize != 0 {
		dst = appendSint(dst, quoteAskSize, r.AskSize)
	}
	return dst
}

// side is one side of the book.
type side struct {
	price, size       int64
	hasPrice, hasSize bool
}

// appendSide appends what changed of a side; the size has the field number after the price's, and the mark that the side was cleared comes
// after all four.
func appendSide(dst []byte, priceField byte, priceChanged, sizeChanged, snapshot bool, s side) []byte {
	clearedField := byte(quoteBidCleared)
	if priceField == quoteAskPrice {
		clearedField = quoteAskCleared
	}
	if !snapshot && (priceChanged && !s.hasPrice || sizeChanged && !s.hasSize && s.hasPrice) {
		dst = append(dst, clearedField<<3, 1)
		priceChanged = true // the client forgets both
	}
	if priceChanged && s.hasPrice {
		dst = appendSint(dst, priceField, s.price)
	}
	if sizeChanged && s.hasSize {
		dst = appendSint(dst, priceField+1, s.size)
	}
	return dst
}

// appendTrade appends the newest trade and the figures, each where it changed and has a value.
func appendTrade(dst []byte, r *tick.Record, changed tick.Changes) []byte {
	if changed&tick.ChangedTrade != 0 && r.Presence&tick.HasLast != 0 {
		dst = append(dst, updateTrade<<3|byte(protowire.BytesType), 0)
		at := len(dst) - 1
		dst = appendSint(dst, tradePrice, r.LastPrice)
		dst = appendSint(dst, tradeSize, r.LastSize)
		dst = appendUint(dst, tradeAggressor, uint64(r.Aggressor))
		dst[at] = byte(len(dst) - at - 1)
	}
	var has tick.Presence
	if changed&tick.ChangedTrade != 0 {
		has |= tick.HasVolume | tick.HasTradeCount | tick.HasTurnover
	}
	if changed&tick.ChangedRange != 0 {
		has |= tick.HasOpen | tick.HasHigh | tick.HasLow
	}
	has &= r.Presence
	if has == 0 {
		return dst
	}
	dst = append(dst, updateStats<<3|byte(protowire.BytesType), 0)
	at := len(dst) - 1
	if has&tick.HasVolume != 0 {
		dst = appendSint(dst, statsVolume, r.Volume)
	}
	if has&tick.HasTradeCount != 0 {
		dst = appendVarint(append(dst, statsTradeCount<<3), uint64(r.TradeCount))
	}
	if has&tick.HasTurnover != 0 {
		dst = appendSint(dst, statsTurnover, r.Turnover)
	}
	if has&tick.HasOpen != 0 {
		dst = appendSint(dst, statsOpen, r.Open)
	}
	if has&tick.HasHigh != 0 {
		dst = appendSint(dst, statsHigh, r.High)
	}
	if has&tick.HasLow != 0 {
		dst = appendSint(dst, statsLow, r.Low)
	}
	dst[at] = byte(len(dst) - at - 1) // 66 bytes at most
	return dst
}
