package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"tickgate/pkg/tick"
)

// Field numbers of tickgate.v1.ServerMessage, ReplayEvent, Batch, Instrument.
const (
	serverMessageBatch = 3
	replayEventClock   = 1 // its batch has the number of ServerMessage's

	batchTsSend         = 1
	batchStreamSequence = 2
	batchTsEventBase    = 3
	batchInstruments    = 4
	batchUpdates        = 5

	instrumentSymbol        = 1
	instrumentID            = 2
	instrumentPriceScale    = 3
	instrumentSizeScale     = 4
	instrumentTurnoverScale = 5
	instrumentState         = 6
	instrumentEpoch         = 7
)

// headerRoom is left in front of a batch for the tag and length of ServerMessage.batch.
const headerRoom = 1 + 5

// Batch is one batch in the making.
type Batch struct {
	buf       []byte // headerRoom, then the encoded fields of the Batch
	tsSend    int64
	eventBase int64 // of the ts_event of all updates; 0: each counts from its own ts_recv
	hasEvents bool  // the base is settled: an update that has a ts_event is there
}

// Begin starts a batch in buf, whose content is overwritten and whose capacity is used.
func (b *Batch) Begin(buf []byte, tsSend tick.Time) {
	b.buf = append(buf[:0], make([]byte, headerRoom)...)
	b.tsSend, b.eventBase, b.hasEvents = int64(tsSend), 0, false
}

// Len returns the size of the batch so far.
func (b *Batch) Len() int { return len(b.buf) }

// Memory returns the buffer that the batch is in, which is that given to Begin or a larger one.
func (b *Batch) Memory() []byte { return b.buf }

// Instrument announces an instrument; state has the numbers of MarketState.
func (b *Batch) Instrument(symbol string, id uint32, r *tick.Record, state uint8) {
	b.buf = appendTag(b.buf, batchInstruments, protowire.BytesType)
	at := len(b.buf)
	dst := append(b.buf, 0)
	dst = appendTag(dst, instrumentSymbol, protowire.BytesType)
	dst = protowire.AppendString(dst, symbol)
	dst = appendUint(dst, instrumentID, uint64(id))
	dst = appendUint(dst, instrumentPriceScale, uint64(r.Scales.Price))
	dst = appendUint(dst, instrumentSizeScale, uint64(r.Scales.Size))
	dst = appendUint(dst, instrumentTurnoverScale, uint64(r.Scales.Turnover))
	dst = appendUint(dst, instrumentState, uint64(state))
	dst = appendUint(dst, instrumentEpoch, r.Epoch)
	b.buf = closeMessage(dst, at)
}

// Body finishes the batch and returns the encoded tickgate.v1.Batch alone.
func (b *Batch) Body(streamSequence uint64) []byte {
	b.close(streamSequence)
	return b.buf[headerRoom:]
}

// Finish finishes the batch and returns the encoded ServerMessage. It shares the buffer given to Begin, if that was large enough.
func (b *Batch) Finish(streamSequence uint64) []byte {
	b.close(streamSequence)
	size := uint64(len(b.buf) - headerRoom)
	start := headerRoom - 1 - protowire.SizeVarint(size)
	b.buf[start] = serverMessageBatch<<3 | byte(protowire.BytesType)
	protowire.AppendVarint(b.buf[:start+1], size)
	return b.buf[start:]
}

// FinishReplay finishes the batch and returns the encoded ReplayEvent.
func (b *Batch) FinishReplay(streamSequence uint64, clock tick.Time) []byte {
	message := b.Finish(streamSequence)
	start := len(b.buf) - len(message)
	b.buf = appendTag(b.buf, replayEventClock, protowire.Fixed64Type)
	b.buf = protowire.AppendFixed64(b.buf, uint64(clock))
	return b.buf[start:]
}

func (b *Batch) close(streamSequence uint64) {
	b.buf = appendTag(b.buf, batchTsSend, protowire.Fixed64Type)
	b.buf = protowire.AppendFixed64(b.buf, uint64(b.tsSend))
	b.buf = appendUint(b.buf, batchStreamSequence, streamSequence)
	if b.eventBase != 0 {
		b.buf = appendTag(b.buf, batchTsEventBase, protowire.Fixed64Type)
		b.buf = protowire.AppendFixed64(b.buf, uint64(b.eventBase))
	}
}

// appendTag appends a tag of one byte: all field numbers here are below 16.
func appendTag(dst []byte, field byte, wireType protowire.Type) []byte {
	return append(dst, field<<3|byte(wireType))
}

// appendUint leaves 0 out, as proto3 does.
func appendUint(dst []byte, field byte, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return appendVarint(append(dst, field<<3), v)
}

func appendSint(dst []byte, field byte, v int64) []byte {
	return appendVarint(append(dst, field<<3), protowire.EncodeZigZag(v))
}

// appendVarint is protowire.AppendVarint as a loop, which is smaller, and quicker for the short numbers that updates are made of.
func appendVarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// closeMessage writes the length of the message that begins after the byte at lengthAt, moving it in the rare case that one byte does
// not hold the length.
func closeMessage(dst []byte, lengthAt int) []byte {
	size := len(dst) - lengthAt - 1
	if size < 0x80 {
		dst[lengthAt] = byte(size)
		return dst
	}
	dst = append(dst, 0) // lengths here stay below 1<<14: two bytes
	copy(dst[lengthAt+2:], dst[lengthAt+1:lengthAt+1+size])
	dst[lengthAt], dst[lengthAt+1] = byte(size)|0x80, byte(size>>7)
	return dst
}
