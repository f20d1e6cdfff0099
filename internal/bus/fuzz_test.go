package bus_test

import (
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// FuzzDecode holds the hand-written decoder against the generated code:
//
//   - what it accepts, the generated code accepts, and reads the same from it;
//   - what the generated code reads and writes anew it accepts exactly if the message keeps the rules of its fields.
//
// In between it is stricter: it refuses known fields of a wrong wire type and numbers too great for their field, which the generated code
// skips or cuts off.
func FuzzDecode(f *testing.F) {
	for _, e := range []tick.Event{
		{Kind: tick.KindQuote, Epoch: 1, Sequence: 1, TsEvent: 5, Quote: tick.Quote{BidPrice: tick.Some(-7), AskPrice: tick.Some(1 << 40)}},
		{Kind: tick.KindTrade, Epoch: 1, Sequence: 1, Trade: tick.Trade{Price: 5, Size: 1, Aggressor: tick.SideSell, Stats: tick.Stats{TradeCount: tick.Some(9)}}},
		{Kind: tick.KindStatus, Epoch: 1, Sequence: 1, Status: tick.StatusHalted},
	} {
		payload := bus.AppendEventBatch(nil, "p", []tick.Event{e})
		f.Add(byte(e.Kind), payload)
		f.Add(byte(e.Kind), payload[:len(payload)-1])
		f.Add(byte(e.Kind), append(payload, payload...))
	}
	twice := bus.AppendEventBatch(nil, "p", []tick.Event{{Kind: tick.KindStatus, Epoch: 1, Sequence: 1, Status: tick.StatusHalted}})
	f.Add(byte(tick.KindStatus), append([]byte{1<<3 | 2, 1, 0xc5}, twice...)) // a publisher that is not UTF-8 before one that is
	f.Add(byte(tick.KindStatus), protowire.AppendVarint(protowire.AppendVarint(twice, uint64(protowire.MaxValidNumber+1)<<3), 5))
	f.Fuzz(func(t *testing.T, kindByte byte, payload []byte) {
		kind := tick.KindQuote + tick.Kind(kindByte-byte(tick.KindQuote))%3 // a seed is of the kind that it names
		var direct, anew bus.Decoder
		directErr := direct.Decode(kind, payload)
		var message tickgatev1.EventBatch
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(payload, &message); err != nil {
			if directErr == nil {
				t.Fatalf("accepted what the generated code refuses: %v", err)
			}
			return
		}
		canonical, err := proto.Marshal(&message)
		if err != nil {
			t.Fatal(err)
		}
		anewErr := anew.Decode(kind, canonical)
		if keeps := keepsRules(&message, kind); keeps != (anewErr == nil) {
			t.Fatalf("the rules are kept: %v, but the decoder says %v of %v", keeps, anewErr, &message)
		}
		if directErr != nil {
			return
		}
		if anewErr != nil || string(direct.Publisher) != string(anew.Publisher) || !slices.Equal(direct.Events, anew.Events) {
			t.Fatalf("reads %+v, the generated code %+v (%v)", direct, anew, anewErr)
		}
	})
}

// FuzzDecodeHeartbeat is FuzzDecode for heartbeats.
func FuzzDecodeHeartbeat(f *testing.F) {
	f.Add(bus.AppendHeartbeat(nil, "p", 1, 2))
	f.Add(bus.AppendEventCount(bus.AppendHeartbeat(nil, "p", 1, 2), 300))
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, gotErr := bus.DecodeHeartbeat(payload)
		var message tickgatev1.PublisherHeartbeat
		if err := proto.Unmarshal(payload, &message); err != nil {
			if gotErr == nil {
				t.Fatalf("accepted what the generated code refuses: %v", err)
			}
			return
		}
		if gotErr != nil {
			return
		}
		if string(got.Publisher) != message.GetPublisher() || got.Epoch != message.GetEpoch() || int64(got.TsSend) != message.GetTsSend() ||
			got.Counts != (message.Events != nil) || got.Events != message.GetEvents() {
			t.Fatalf("reads %+v, the generated code %v", got, &message)
		}
	})
}

// keepsRules states the rules of the fields once more.
func keepsRules(m *tickgatev1.EventBatch, kind tick.Kind) bool {
	name := m.GetPublisher()
	scale := max(m.GetPriceScale(), m.GetSizeScale(), m.GetTurnoverScale())
	if name == "" || len(name) > 64 || m.GetEpoch() == 0 || scale > 18 || len(m.GetEvents()) == 0 {
		return false
	}
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	last := uint64(0)
	for _, e := range m.GetEvents() {
		if e.GetSequence() <= last || !bodyKeepsRules(e, kind) {
			return false
		}
		last = e.GetSequence()
	}
	return true
}

func bodyKeepsRules(e *tickgatev1.Event, kind tick.Kind) bool {
	switch body := e.GetBody().(type) {
	case *tickgatev1.Event_Quote:
		return kind == tick.KindQuote
	case *tickgatev1.Event_Trade:
		side, count := body.Trade.GetAggressor(), body.Trade.GetStats().GetTradeCount()
		return kind == tick.KindTrade && side >= 0 && side <= tickgatev1.Side(tick.SideSell) && count <= math.MaxInt64
	case *tickgatev1.Event_Status:
		status := body.Status.GetStatus()
		return kind == tick.KindStatus && status >= 0 && status <= tickgatev1.TradingStatus(tick.StatusClosed)
	}
	return false
}
