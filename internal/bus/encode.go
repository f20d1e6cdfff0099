package bus

import (
	"google.golang.org/protobuf/encoding/protowire"

	"tickgate/pkg/tick"
)

// Field numbers of tickgate.v1.EventBatch and what it holds.
const (
	batchPublisher     = 1
	batchEpoch         = 2
	batchPriceScale    = 3
	batchSizeScale     = 4
	batchTurnoverScale = 5
	batchEvents        = 6

	eventSequence = 1
	eventTsEvent  = 2
	eventQuote    = 3
	eventTrade    = 4
	eventStatus   = 5

	quoteBidPrice = 1
	quoteBidSize  = 2
	quoteAskPrice = 3
	quoteAskSize  = 4

	tradePrice     = 1
	tradeSize      = 2
	tradeAggressor = 3
	tradeStats     = 4

	statsVolume     = 1
	statsTradeCount = 2
	statsTurnover   = 3
	statsOpen       = 4
	statsHigh       = 5
	statsLow        = 6

	statusStatus = 1

	heartbeatPublisher = 1
	heartbeatEpoch     = 2
	heartbeatTsSend    = 3
	heartbeatEvents    = 4
)

// AppendEventBatch appends the payload for events of one symbol and kind, oldest first. Epoch and scales are those of the first event:
// the caller groups events so that they are the same in all.
func AppendEventBatch(dst []byte, publisher string, events []tick.Event) []byte {
	first := &events[0]
	dst = protowire.AppendTag(dst, batchPublisher, protowire.BytesType)
	dst = protowire.AppendString(dst, publisher)
	dst = protowire.AppendTag(dst, batchEpoch, protowire.Fixed64Type)
	dst = protowire.AppendFixed64(dst, first.Epoch)
	dst = appendUint(dst, batchPriceScale, uint64(first.Scales.Price))
	dst = appendUint(dst, batchSizeScale, uint64(first.Scales.Size))
	dst = appendUint(dst, batchTurnoverScale, uint64(first.Scales.Turnover))
	for i := range events {
		dst = appendMessage(dst, batchEvents, func(dst []byte) []byte { return appendEvent(dst, &events[i]) })
	}
	return dst
}

// AppendHeartbeat appends the payload of a PublisherHeartbeat.
func AppendHeartbeat(dst []byte, publisher string, epoch uint64, tsSend tick.Time) []byte {
	dst = protowire.AppendTag(dst, heartbeatPublisher, protowire.BytesType)
	dst = protowire.AppendString(dst, publisher)
	dst = protowire.AppendTag(dst, heartbeatEpoch, protowire.Fixed64Type)
	dst = protowire.AppendFixed64(dst, epoch)
	dst = protowire.AppendTag(dst, heartbeatTsSend, protowire.Fixed64Type)
	return protowire.AppendFixed64(dst, uint64(tsSend))
}

// AppendEventCount appends to the payload of a PublisherHeartbeat how many events the publisher has numbered.
func AppendEventCount(heartbeat []byte, events uint64) []byte {
	heartbeat = protowire.AppendTag(heartbeat, heartbeatEvents, protowire.VarintType)
	return protowire.AppendVarint(heartbeat, events)
}

func appendEvent(dst []byte, e *tick.Event) []byte {
	dst = appendUint(dst, eventSequence, e.Sequence)
	if e.TsEvent != 0 {
		dst = protowire.AppendTag(dst, eventTsEvent, protowire.Fixed64Type)
		dst = protowire.AppendFixed64(dst, uint64(e.TsEvent))
	}
	switch e.Kind {
	case tick.KindQuote:
		return appendMessage(dst, eventQuote, func(dst []byte) []byte { return appendQuote(dst, &e.Quote) })
	case tick.KindTrade:
		return appendMessage(dst, eventTrade, func(dst []byte) []byte { return appendTrade(dst, &e.Trade) })
	case tick.KindStatus:
		return appendMessage(dst, eventStatus, func(dst []byte) []byte { return appendUint(dst, statusStatus, uint64(e.Status)) })
	}
	return dst
}

func appendQuote(dst []byte, q *tick.Quote) []byte {
	dst = appendAmount(dst, quoteBidPrice, q.BidPrice)
	dst = appendAmount(dst, quoteBidSize, q.BidSize)
	dst = appendAmount(dst, quoteAskPrice, q.AskPrice)
	return appendAmount(dst, quoteAskSize, q.AskSize)
}

func appendTrade(dst []byte, t *tick.Trade) []byte {
	dst = appendUint(dst, tradePrice, protowire.EncodeZigZag(t.Price))
	dst = appendUint(dst, tradeSize, protowire.EncodeZigZag(t.Size))
	dst = appendUint(dst, tradeAggressor, uint64(t.Aggressor))
	return appendMessage(dst, tradeStats, func(dst []byte) []byte { return appendStats(dst, &t.Stats) })
}

func appendStats(dst []byte, s *tick.Stats) []byte {
	dst = appendAmount(dst, statsVolume, s.Volume)
	if s.TradeCount.Present { // the one unsigned figure
		dst = protowire.AppendTag(dst, statsTradeCount, protowire.VarintType)
		dst = protowire.AppendVarint(dst, uint64(s.TradeCount.Mantissa))
	}
	dst = appendAmount(dst, statsTurnover, s.Turnover)
	dst = appendAmount(dst, statsOpen, s.Open)
	dst = appendAmount(dst, statsHigh, s.High)
	return appendAmount(dst, statsLow, s.Low)
}

// appendUint leaves 0 out, as proto3 does.
func appendUint(dst []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	dst = protowire.AppendTag(dst, field, protowire.VarintType)
	return protowire.AppendVarint(dst, v)
}

func appendAmount(dst []byte, field protowire.Number, a tick.Amount) []byte {
	if !a.Present {
		return dst
	}
	dst = protowire.AppendTag(dst, field, protowire.VarintType)
	return protowire.AppendVarint(dst, protowire.EncodeZigZag(a.Mantissa))
}

// appendMessage appends a message field whose length is known only afterwards. Nearly all are shorter than 128 bytes, so one byte is left
// for the length, and only a longer body is moved.
func appendMessage(dst []byte, field protowire.Number, body func([]byte) []byte) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	lengthAt := len(dst)
	dst = body(append(dst, 0))
	size := len(dst) - lengthAt - 1
	if size < 0x80 {
		dst[lengthAt] = byte(size)
		return dst
	}
	extra := protowire.SizeVarint(uint64(size)) - 1
	dst = append(dst, make([]byte, extra)...)
	copy(dst[lengthAt+1+extra:], dst[lengthAt+1:lengthAt+1+size])
	protowire.AppendVarint(dst[:lengthAt], uint64(size))
	return dst
}
