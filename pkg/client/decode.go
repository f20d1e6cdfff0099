package client

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Batches are read field by field from the bytes that came: the generated code would make a few objects per update.

// wireTag is a field's number and type as it stands in front of the field.
type wireTag uint64

func tag(number protowire.Number, kind protowire.Type) wireTag {
	return wireTag(protowire.EncodeTag(number, kind))
}

// Fields of tickgate.v1, as they come on the wire. A field that comes with another type is unknown, and passed over as protobuf demands.
const (
	varint  = wireTag(protowire.VarintType)
	fixed64 = wireTag(protowire.Fixed64Type)
	nested  = wireTag(protowire.BytesType)

	serverMessageBatch = 3<<3 | nested

	batchTsSend         = 1<<3 | fixed64
	batchStreamSequence = 2<<3 | varint
	batchTsEventBase    = 3<<3 | fixed64
	batchInstruments    = 4<<3 | nested
	batchUpdates        = 5<<3 | nested

	updateInstrumentID = 1<<3 | varint
	updateSequence     = 2<<3 | varint
	updateConflated    = 3<<3 | varint
	updateSnapshot     = 4<<3 | varint
	updateRecvAge      = 5<<3 | varint
	updateEventDelta   = 6<<3 | varint
	updateQuote        = 7<<3 | nested
	updateTrade        = 8<<3 | nested
	updateStats        = 9<<3 | nested
	updateStatus       = 10<<3 | nested

	quoteBidPrice   = 1<<3 | varint
	quoteBidSize    = 2<<3 | varint
	quoteAskPrice   = 3<<3 | varint
	quoteAskSize    = 4<<3 | varint
	quoteBidCleared = 5<<3 | varint
	quoteAskCleared = 6<<3 | varint

	tradePrice     = 1<<3 | varint
	tradeSize      = 2<<3 | varint
	tradeAggressor = 3<<3 | varint

	statsVolume     = 1<<3 | varint
	statsTradeCount = 2<<3 | varint
	statsTurnover   = 3<<3 | varint
	statsOpen       = 4<<3 | varint
	statsHigh       = 5<<3 | varint
	statsLow        = 6<<3 | varint

	statusStatus = 1<<3 | varint
)

// fields goes through the fields of an encoded message.
type fields struct {
	rest  []byte
	tag   wireTag
	value uint64 // of a varint or a fixed64
	bytes []byte // of a message, text or bytes; shares the message's memory
	err   error
}

// next goes to the next field; false: there is none, or err says what is wrong.
func (f *fields) next() bool {
	if len(f.rest) == 0 {
		return false
	}
	number, kind, n := protowire.ConsumeTag(f.rest)
	if number > protowire.MaxValidNumber { // which ConsumeTag lets pass
		n = invalidNumber
	}
	if n < 0 {
		return f.fail(n)
	}
	f.tag, f.rest = tag(number, kind), f.rest[n:]
	switch kind {
	case protowire.VarintType:
		f.value, n = protowire.ConsumeVarint(f.rest)
	case protowire.Fixed64Type:
		f.value, n = protowire.ConsumeFixed64(f.rest)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(f.rest)
	default:
		n = protowire.ConsumeFieldValue(number, kind, f.rest)
	}
	if n < 0 {
		return f.fail(n)
	}
	f.rest = f.rest[n:]
	return true
}

// invalidNumber is protowire's code for a field number that none may have.
const invalidNumber = -2

func (f *fields) fail(n int) bool {
	f.err = fmt.Errorf("client: the gateway's message cannot be read: %w", protowire.ParseError(n))
	return false
}

// signed is the value of a sint64.
func (f *fields) signed() int64 { return protowire.DecodeZigZag(f.value) }

// given is the value of an optional sint64 that is there.
func (f *fields) given() optional { return optional{f.signed(), true} }

// optional is a number that may be absent.
type optional struct {
	value int64
	given bool
}

// batchOf returns the batch in an encoded ServerMessage; false: it is another message.
func batchOf(message []byte) (batch []byte, ok bool) {
	f := fields{rest: message}
	if !f.next() || f.tag != serverMessageBatch || len(f.rest) > 0 {
		return nil, false
	}
	return f.bytes, true
}

// batchHead is a batch without its updates.
type batchHead struct {
	tsSend      int64
	sequence    uint64
	eventBase   int64 // 0: each update's venue time counts from its receipt by the gateway
	instruments []*tickgatev1.Instrument
}

func readHead(batch []byte) (h batchHead, err error) {
	f := fields{rest: batch}
	for f.next() {
		switch f.tag {
		case batchTsSend:
			h.tsSend = int64(f.value)
		case batchStreamSequence:
			h.sequence = f.value
		case batchTsEventBase:
			h.eventBase = int64(f.value)
		case batchInstruments:
			i := &tickgatev1.Instrument{} // rare
			if err := proto.Unmarshal(f.bytes, i); err != nil {
				return h, fmt.Errorf("client: the gateway's message cannot be read: %w", err)
			}
			h.instruments = append(h.instruments, i)
		}
	}
	return h, f.err
}

// update is one update as it came. What is absent is zero; groups says which groups are there.
type update struct {
	instrument uint32
	sequence   uint64
	conflated  uint32
	snapshot   bool
	recvAge    uint64
	event      optional
	groups     Changes

	bidPrice, bidSize, askPrice, askSize      optional
	bidCleared, askCleared                    bool
	tradePrice, tradeSize                     int64
	aggressor                                 Side
	volume, trades, turnover, open, high, low optional
	status                                    TradingStatus
}

func (u *update) read(encoded []byte) error {
	*u = update{}
	f := fields{rest: encoded}
	for f.next() {
		var err error
		switch f.tag {
		case updateInstrumentID:
			u.instrument = uint32(f.value)
		case updateSequence:
			u.sequence = f.value
		case updateConflated:
			u.conflated = uint32(f.value)
		case updateSnapshot:
			u.snapshot = f.value != 0
		case updateRecvAge:
			u.recvAge = f.value
		case updateEventDelta:
			u.event = f.given()
		case updateQuote:
			err = u.readQuote(f.bytes)
		case updateTrade:
			err = u.readTrade(f.bytes)
		case updateStats:
			err = u.readStats(f.bytes)
		case updateStatus:
			err = u.readStatus(f.bytes)
		}
		if err != nil {
			return err
		}
	}
	return f.err
}

func (u *update) readQuote(encoded []byte) error {
	u.groups |= QuoteChanged
	f := fields{rest: encoded}
	for f.next() {
		switch f.tag {
		case quoteBidPrice:
			u.bidPrice = f.given()
		case quoteBidSize:
			u.bidSize = f.given()
		case quoteAskPrice:
			u.askPrice = f.given()
		case quoteAskSize:
			u.askSize = f.given()
		case quoteBidCleared:
			u.bidCleared = f.value != 0
		case quoteAskCleared:
			u.askCleared = f.value != 0
		}
	}
	return f.err
}

func (u *update) readTrade(encoded []byte) error {
	u.groups |= TradeChanged
	f := fields{rest: encoded}
	for f.next() {
		switch f.tag {
		case tradePrice:
			u.tradePrice = f.signed()
		case tradeSize:
			u.tradeSize = f.signed()
		case tradeAggressor:
			u.aggressor = Side(enum(f.value))
		}
	}
	return f.err
}

func (u *update) readStats(encoded []byte) error {
	u.groups |= StatsChanged
	f := fields{rest: encoded}
	for f.next() {
		switch f.tag {
		case statsVolume:
			u.volume = f.given()
		case statsTradeCount:
			u.trades = optional{int64(f.value), true}
		case statsTurnover:
			u.turnover = f.given()
		case statsOpen:
			u.open = f.given()
		case statsHigh:
			u.high = f.given()
		case statsLow:
			u.low = f.given()
		}
	}
	return f.err
}

func (u *update) readStatus(encoded []byte) error {
	u.groups |= StatusChanged
	f := fields{rest: encoded}
	for f.next() {
		if f.tag == statusStatus {
			u.status = TradingStatus(enum(f.value))
		}
	}
	return f.err
}

// enum brings a number of an enumeration into the byte that the SDK has for it; those of a later API stay unknown.
func enum(value uint64) uint8 { return uint8(min(value, 1<<8-1)) }
