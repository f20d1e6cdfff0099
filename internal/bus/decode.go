package bus

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"tickgate/pkg/tick"
)

// Limits of one message.
const (
	MaxPayloadBytes     = 1 << 20
	MaxEventsPerMessage = 10_000
)

// Errors of payloads: count the message under the error's name and skip it whole.
var (
	// ErrOversized says that a payload or its number of events is over the limit.
	ErrOversized = errors.New("bus: oversized message")
	// ErrMalformed says that a payload is not an EventBatch, or breaks a rule that its fields state.
	ErrMalformed = errors.New("bus: malformed message")
	// ErrKind says that an event's body is not of the kind that its subject names.
	ErrKind = errors.New("bus: event of another kind than its subject")
)

// Decoder reads payloads without allocating once it has grown to the largest batch.
type Decoder struct {
	// Publisher of the last message; points into its payload.
	Publisher []byte
	// Events of the last message, oldest first; overwritten by the next Decode.
	Events []tick.Event
}

// Decode reads the payload of a message on a subject of kind. It takes a message whole or not at all.
func (d *Decoder) Decode(kind tick.Kind, payload []byte) error {
	d.Publisher, d.Events = nil, d.Events[:0]
	if len(payload) > MaxPayloadBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrOversized, len(payload), MaxPayloadBytes)
	}
	var epoch uint64
	var scales tick.Scales
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case batchPublisher:
			d.Publisher = fields.name(d.Publisher)
		case batchEpoch:
			epoch = fields.fixed64()
		case batchPriceScale:
			scales.Price = fields.scale()
		case batchSizeScale:
			scales.Size = fields.scale()
		case batchTurnoverScale:
			scales.Turnover = fields.scale()
		case batchEvents:
			if err := d.decodeEvent(kind, fields.bytes()); err != nil {
				return err
			}
		default:
			fields.skip()
		}
	}
	if fields.failed {
		return ErrMalformed
	}
	return d.complete(epoch, scales)
}

// complete checks what the batch says of all events and gives it to each of them.
func (d *Decoder) complete(epoch uint64, scales tick.Scales) error {
	if len(d.Events) == 0 {
		return fmt.Errorf("%w: no events", ErrMalformed)
	}
	if epoch == 0 {
		return fmt.Errorf("%w: no epoch", ErrMalformed)
	}
	if !validPublisher(d.Publisher) {
		return fmt.Errorf("%w: the publisher's name is not 1 to %d printable ASCII bytes", ErrMalformed, tick.MaxSymbolBytes)
	}
	for i := range d.Events {
		e := &d.Events[i]
		e.Epoch, e.Scales = epoch, scales
		if i > 0 && e.Sequence <= d.Events[i-1].Sequence {
			return fmt.Errorf("%w: sequence %d after %d", ErrMalformed, e.Sequence, d.Events[i-1].Sequence)
		}
	}
	return nil
}

func validPublisher(name []byte) bool {
	if len(name) == 0 || len(name) > tick.MaxSymbolBytes {
		return false
	}
	for _, c := range name {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

func (d *Decoder) decodeEvent(kind tick.Kind, payload []byte) error {
	if len(d.Events) == MaxEventsPerMessage {
		return fmt.Errorf("%w: more than %d events", ErrOversized, MaxEventsPerMessage)
	}
	d.Events = append(d.Events, tick.Event{})
	e := &d.Events[len(d.Events)-1]
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case eventSequence:
			e.Sequence = fields.varint()
		case eventTsEvent:
			e.TsEvent = tick.Time(fields.fixed64())
		case eventQuote, eventTrade, eventStatus:
			if !decodeBody(e, fields.number, fields.bytes()) {
				fields.failed = true
			}
		default:
			fields.skip()
		}
	}
	switch {
	case fields.failed:
		return ErrMalformed
	case e.Kind == 0:
		return fmt.Errorf("%w: an event that is no quote, trade or status", ErrMalformed)
	case e.Kind != kind:
		return fmt.Errorf("%w: %s on a %s subject", ErrKind, e.Kind, kind)
	case e.Sequence == 0:
		return fmt.Errorf("%w: no sequence", ErrMalformed)
	}
	return nil
}

// decodeBody reads the body of an event, of which there is exactly one.
func decodeBody(e *tick.Event, number protowire.Number, payload []byte) bool {
	if e.Kind != 0 {
		return false
	}
	switch number {
	case eventQuote:
		e.Kind = tick.KindQuote
		return decodeQuote(&e.Quote, payload)
	case eventTrade:
		e.Kind = tick.KindTrade
		return decodeTrade(&e.Trade, payload)
	}
	e.Kind = tick.KindStatus
	return decodeStatus(&e.Status, payload)
}

func decodeQuote(q *tick.Quote, payload []byte) bool {
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case quoteBidPrice:
			q.BidPrice = fields.amount()
		case quoteBidSize:
			q.BidSize = fields.amount()
		case quoteAskPrice:
			q.AskPrice = fields.amount()
		case quoteAskSize:
			q.AskSize = fields.amount()
		default:
			fields.skip()
		}
	}
	return !fields.failed
}

func decodeTrade(t *tick.Trade, payload []byte) bool {
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case tradePrice:
			t.Price = fields.amount().Mantissa
		case tradeSize:
			t.Size = fields.amount().Mantissa
		case tradeAggressor:
			t.Aggressor = tick.Side(fields.enum(uint64(tick.SideSell)))
		case tradeStats:
			fields.failed = !decodeStats(&t.Stats, fields.bytes()) || fields.failed
		default:
			fields.skip()
		}
	}
	return !fields.failed
}

func decodeStats(s *tick.Stats, payload []byte) bool {
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case statsVolume:
			s.Volume = fields.amount()
		case statsTradeCount:
			count := fields.varint()
			fields.failed = fields.failed || count > math.MaxInt64
			s.TradeCount = tick.Some(int64(count))
		case statsTurnover:
			s.Turnover = fields.amount()
		case statsOpen:
			s.Open = fields.amount()
		case statsHigh:
			s.High = fields.amount()
		case statsLow:
			s.Low = fields.amount()
		default:
			fields.skip()
		}
	}
	return !fields.failed
}

func decodeStatus(s *tick.TradingStatus, payload []byte) bool {
	fields := reader{b: payload}
	for fields.next() {
		if fields.number == statusStatus {
			*s = tick.TradingStatus(fields.enum(uint64(tick.StatusClosed)))
			continue
		}
		fields.skip()
	}
	return !fields.failed
}

// Heartbeat is a publisher's sign of life.
type Heartbeat struct {
	Publisher []byte // points into the payload
	Epoch     uint64
	TsSend    tick.Time
	Events    uint64 // numbered so far, if Counts
	Counts    bool
}

// DecodeHeartbeat reads a PublisherHeartbeat.
func DecodeHeartbeat(payload []byte) (Heartbeat, error) {
	var h Heartbeat
	fields := reader{b: payload}
	for fields.next() {
		switch fields.number {
		case heartbeatPublisher:
			h.Publisher = fields.name(h.Publisher)
		case heartbeatEpoch:
			h.Epoch = fields.fixed64()
		case heartbeatTsSend:
			h.TsSend = tick.Time(fields.fixed64())
		case heartbeatEvents:
			h.Events, h.Counts = fields.varint(), true
		default:
			fields.skip()
		}
	}
	if fields.failed || h.Epoch == 0 || !validPublisher(h.Publisher) {
		return Heartbeat{}, fmt.Errorf("%w: heartbeat", ErrMalformed)
	}
	return h, nil
}
