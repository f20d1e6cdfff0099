package client

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// FuzzUpdatesAreReadAsProtobufDoes: whatever bytes come, both refuse them or both read the same.
func FuzzUpdatesAreReadAsProtobufDoes(f *testing.F) {
	full := &tickgatev1.Update{
		InstrumentId: 3, Sequence: 1 << 60, Conflated: 7, Snapshot: true, RecvAge: 5, EventDelta: proto.Int64(-9),
		Quote:  &tickgatev1.Quote{BidPrice: proto.Int64(-1), BidSize: proto.Int64(2), AskPrice: proto.Int64(3), AskSize: proto.Int64(4), BidCleared: true, AskCleared: true},
		Trade:  &tickgatev1.Trade{Price: -5, Size: 6, Aggressor: tickgatev1.Side_SIDE_SELL},
		Stats:  &tickgatev1.Stats{Volume: proto.Int64(1), TradeCount: proto.Uint64(2), Turnover: proto.Int64(3), Open: proto.Int64(4), High: proto.Int64(5), Low: proto.Int64(-6)},
		Status: &tickgatev1.Status{Status: tickgatev1.TradingStatus_TRADING_STATUS_AUCTION},
	}
	encoded, err := proto.Marshal(full)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add(encoded[:len(encoded)-1])
	f.Add(append(encoded, encoded...))                                                                             // fields twice: the later counts
	f.Add(protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.VarintType), 5))                            // a group of another type
	f.Add(protowire.AppendString(protowire.AppendTag(encoded, 99, protowire.BytesType), "of a later API"))         // unknown
	f.Add(protowire.AppendTag(protowire.AppendTag(nil, 50, protowire.StartGroupType), 50, protowire.EndGroupType)) // a group of old
	f.Add(protowire.AppendVarint(protowire.AppendVarint(nil, uint64(protowire.MaxValidNumber+1)<<3), 5))           // a number that no field may have
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var want tickgatev1.Update
		var got update
		wantErr, err := proto.Unmarshal(encoded, &want), got.read(encoded)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got %v, protobuf says %v", err, wantErr)
		}
		if err == nil && got != updateOf(&want) {
			t.Errorf("got  %+v\nwant %+v", got, updateOf(&want))
		}
	})
}

// updateOf is what protobuf has read.
func updateOf(m *tickgatev1.Update) update {
	given := func(v *int64) optional {
		if v == nil {
			return optional{}
		}
		return optional{*v, true}
	}
	enumOf := func(v int32) uint8 { return enum(uint64(int64(v))) }
	u := update{
		instrument: m.GetInstrumentId(), sequence: m.GetSequence(), conflated: m.GetConflated(), snapshot: m.GetSnapshot(), recvAge: m.GetRecvAge(),
		event: given(m.EventDelta),
	}
	if q := m.GetQuote(); q != nil {
		u.groups |= QuoteChanged
		u.bidPrice, u.bidSize, u.askPrice, u.askSize = given(q.BidPrice), given(q.BidSize), given(q.AskPrice), given(q.AskSize)
		u.bidCleared, u.askCleared = q.GetBidCleared(), q.GetAskCleared()
	}
	if trade := m.GetTrade(); trade != nil {
		u.groups |= TradeChanged
		u.tradePrice, u.tradeSize, u.aggressor = trade.GetPrice(), trade.GetSize(), Side(enumOf(int32(trade.GetAggressor())))
	}
	if s := m.GetStats(); s != nil {
		u.groups |= StatsChanged
		u.volume, u.turnover, u.open, u.high, u.low = given(s.Volume), given(s.Turnover), given(s.Open), given(s.High), given(s.Low)
		if s.TradeCount != nil {
			u.trades = optional{int64(s.GetTradeCount()), true}
		}
	}
	if s := m.GetStatus(); s != nil {
		u.groups |= StatusChanged
		u.status = TradingStatus(enumOf(int32(s.GetStatus())))
	}
	return u
}

func TestBatchesAreToldFromOtherMessages(t *testing.T) {
	batch := &tickgatev1.Batch{TsSend: 5, StreamSequence: 9, TsEventBase: 7, Instruments: []*tickgatev1.Instrument{{Symbol: "A", Id: 2}}, Updates: []*tickgatev1.Update{{InstrumentId: 2}}}
	encoded, err := proto.Marshal(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: batch}})
	if err != nil {
		t.Fatal(err)
	}
	body, ok := batchOf(encoded)
	if !ok {
		t.Fatal("a batch is not taken for one")
	}
	head, err := readHead(body)
	if err != nil || head.tsSend != 5 || head.sequence != 9 || head.eventBase != 7 || len(head.instruments) != 1 || head.instruments[0].GetId() != 2 {
		t.Errorf("%+v, %v", head, err)
	}
	for name, bytes := range map[string][]byte{
		"nothing":       nil,
		"a heartbeat":   {6<<3 | 2, 0},
		"two of them":   append(append([]byte{}, encoded...), encoded...), // which protobuf merges
		"a cut-off one": encoded[:len(encoded)-1],
	} {
		if _, ok := batchOf(bytes); ok {
			t.Errorf("%s is taken for a batch", name)
		}
	}
}
