package load

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// errMessage says that what arrived is not a ServerMessage.
var errMessage = errors.New("load: malformed server message")

// TakeMessage takes a ServerMessage of the client API. For a batch it returns the stream sequence, which is to be acknowledged; else 0.
//
// Batches are read by hand and only as far as the figures need it: the generator shares the machine with what it measures.
func (s *Stream) TakeMessage(message []byte) (streamSequence uint64, err error) {
	now := time.Now().UnixNano()
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || kind != protowire.BytesType {
		return 0, errMessage
	}
	if number != batchField {
		return 0, s.takeAnswer(message)
	}
	body, m := protowire.ConsumeBytes(message[n:])
	if m < 0 {
		return 0, errMessage
	}
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.takeBatch(body, now)
}

// Numbers of the fields that are read by hand.
const (
	batchField = 3 // of ServerMessage

	batchTsSend, batchSequence, batchEventBase, batchInstruments, batchUpdates                                      = 1, 2, 3, 4, 5
	updateInstrument, updateSequence, updateConflated, updateSnapshot, updateRecvAge, updateEventDelta, updateQuote = 1, 2, 3, 4, 5, 6, 7
	quoteBidPrice, quoteBidSize, quoteAskPrice, quoteAskSize, quoteBidCleared, quoteAskCleared                      = 1, 2, 3, 4, 5, 6
)

// takeAnswer takes what is not a batch.
func (s *Stream) takeAnswer(message []byte) error {
	var m tickgatev1.ServerMessage
	if err := proto.Unmarshal(message, &m); err != nil {
		return err
	}
	switch event := m.Event.(type) {
	case *tickgatev1.ServerMessage_SubscribeResult:
		if rejected := event.SubscribeResult.Rejected; len(rejected) > 0 {
			return fmt.Errorf("load: %s was rejected: %s", rejected[0].Symbol, rejected[0].Reason)
		}
		s.run.instruments.learn(event.SubscribeResult.Accepted)
	case *tickgatev1.ServerMessage_State:
		s.takeState(event.State)
	case *tickgatev1.ServerMessage_GoingAway:
		return fmt.Errorf("load: going away: %s", event.GoingAway.Reason)
	}
	return nil
}

// takeState notes which values may no longer be true.
func (s *Stream) takeState(state *tickgatev1.State) {
	stale := state.State == tickgatev1.MarketState_MARKET_STATE_STALE
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	if stale && s.shard.phase == measuring {
		s.shard.window.StaleTold++
	}
	for slot := range s.held {
		if state.Symbol == "" || state.Symbol == s.Symbols[slot] {
			s.held[slot].stale = stale
		}
	}
}

// eventBase is what the venue's times of a batch count from.
type eventBase struct {
	sent int64 // when the batch was
	far  int64 // for all, 0: each counts from its own receipt by the gateway
}

// of returns the base of an update.
func (b eventBase) of(recvAge uint64) int64 {
	if b.far != 0 {
		return b.far
	}
	return b.sent - int64(recvAge)
}

// takeBatch takes a batch. The shard is locked.
func (s *Stream) takeBatch(batch []byte, now int64) (sequence uint64, err error) {
	s.shard.countBatch(s)
	var sent int64
	var base eventBase
	for rest := batch; len(rest) > 0; { // the base may come after the updates that count from it
		number, value, _, n := consumeField(rest)
		if n < 0 {
			return 0, errMessage
		}
		rest = rest[n:]
		switch number {
		case batchTsSend:
			sent = int64(value)
		case batchSequence:
			sequence = value
		case batchEventBase:
			base.far = int64(value)
		}
	}
	base.sent = sent
	if s.shard.phase != idle && s.Plan.Delay && !s.slow && !s.hung {
		s.sent = append(s.sent, sending{sent: sent, received: now})
	}
	return sequence, s.takeFields(batch, base, now)
}

// takeFields takes the instruments and the updates of a batch. The shard is locked.
func (s *Stream) takeFields(batch []byte, base eventBase, now int64) error {
	for len(batch) > 0 {
		number, _, body, n := consumeField(batch)
		batch = batch[n:]
		switch number {
		case batchInstruments:
			var i tickgatev1.Instrument
			if err := proto.Unmarshal(body, &i); err != nil {
				return err
			}
			s.run.instruments.learn([]*tickgatev1.Instrument{&i})
		case batchUpdates:
			if err := s.takeUpdate(body, base, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeUpdate merges an update into what is held. The shard is locked.
func (s *Stream) takeUpdate(update []byte, base eventBase, now int64) error {
	var sequence, conflated, recvAge uint64
	var tsEvent int64
	slot := -1 // the instrument comes first
	for len(update) > 0 {
		number, value, body, n := consumeField(update)
		if n < 0 {
			return errMessage
		}
		update = update[n:]
		switch number {
		case updateInstrument:
			if slot = s.run.instruments.slot(s, value); slot < 0 {
				return fmt.Errorf("load: update of instrument %d, which is none of the stream's", value)
			}
		case updateSequence:
			sequence = value
		case updateConflated:
			conflated = value
		case updateSnapshot:
			s.held[max(slot, 0)].quote = quote{}
		case updateRecvAge: // before the delta
			recvAge = value
		case updateEventDelta:
			tsEvent = base.of(recvAge) + protowire.DecodeZigZag(value)
		case updateQuote:
			if !s.held[max(slot, 0)].quote.merge(body) {
				return errMessage
			}
		}
	}
	if slot < 0 {
		return errMessage
	}
	if sequence == 0 { // left out because it follows
		sequence = s.held[slot].sequence + conflated + 1
	}
	s.shard.countUpdate(conflated)
	s.advance(slot, sequence, tsEvent, now)
	return nil
}

// merge takes what an update says of a quote, and returns false if it cannot be read.
func (q *quote) merge(body []byte) bool {
	var given quote
	var bidCleared, askCleared bool
	for len(body) > 0 {
		number, value, _, n := consumeField(body)
		if n < 0 {
			return false
		}
		body = body[n:]
		amount := protowire.DecodeZigZag(value)
		switch number {
		case quoteBidPrice:
			given.bidPrice, given.hasBid = amount, true
		case quoteBidSize:
			given.bidSize, given.hasBidSize = amount, true
		case quoteAskPrice:
			given.askPrice, given.hasAsk = amount, true
		case quoteAskSize:
			given.askSize, given.hasAskSize = amount, true
		case quoteBidCleared:
			bidCleared = value != 0
		case quoteAskCleared:
			askCleared = value != 0
		}
	}
	q.take(given, bidCleared, askCleared)
	return true
}

// consumeField reads one field: its number, its value or its bytes, and how long it is; negative: malformed.
func consumeField(b []byte) (number protowire.Number, value uint64, body []byte, length int) {
	number, kind, n := protowire.ConsumeTag(b)
	if n < 0 {
		return 0, 0, nil, -1
	}
	m := -1
	switch kind {
	case protowire.VarintType:
		value, m = protowire.ConsumeVarint(b[n:])
	case protowire.Fixed64Type:
		value, m = protowire.ConsumeFixed64(b[n:])
	case protowire.BytesType:
		body, m = protowire.ConsumeBytes(b[n:])
	}
	if m < 0 {
		return 0, 0, nil, -1
	}
	return number, value, body, n + m
}
