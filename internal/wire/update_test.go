package wire_test

import (
	"encoding/binary"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"tickgate/internal/wire"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// fullRecord has everything, at its longest.
func fullRecord() tick.Record {
	return tick.Record{
		Sequence: math.MaxUint64, Epoch: math.MaxUint64, TsEvent: math.MinInt64, TsRecv: math.MinInt64 + 1,
		BidPrice: math.MinInt64, BidSize: math.MinInt64, AskPrice: math.MinInt64, AskSize: math.MinInt64,
		LastPrice: math.MinInt64, LastSize: math.MinInt64, Volume: math.MinInt64, TradeCount: -1, Turnover: math.MinInt64,
		Open: math.MinInt64, High: math.MinInt64, Low: math.MinInt64,
		Presence:  tick.HasBidPrice | tick.HasBidSize | tick.HasAskPrice | tick.HasAskSize | tick.HasLast | everyFigure,
		Aggressor: tick.SideSell, Status: tick.StatusClosed, Scales: tick.Scales{Price: 18, Size: 18, Turnover: 18},
	}
}

const everyFigure = tick.HasVolume | tick.HasTradeCount | tick.HasTurnover | tick.HasOpen | tick.HasHigh | tick.HasLow

var groups = []tick.Changes{
	tick.ChangedBidPrice, tick.ChangedBidSize, tick.ChangedAskPrice, tick.ChangedAskSize, tick.ChangedTrade, tick.ChangedRange, tick.ChangedStatus,
}

func drawChanges(t *rapid.T) tick.Changes {
	var changed tick.Changes
	for _, group := range groups {
		if rapid.Bool().Draw(t, "changed") {
			changed |= group
		}
	}
	return changed
}

// drawRecord draws a record as Apply leaves it: an empty side has no size.
func drawRecord(t *rapid.T) tick.Record {
	amount := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-100, 100))
	r := tick.Record{
		Sequence: rapid.Uint64().Draw(t, "sequence"), Epoch: rapid.Uint64().Draw(t, "epoch"),
		TsEvent: tick.Time(rapid.OneOf(amount, rapid.Int64Range(int64(tsSend)-1e10, int64(tsSend)+1e10)).Draw(t, "ts_event")), TsRecv: tsSend - tick.Time(rapid.Int64Range(-1e9, 1e12).Draw(t, "age")),
		BidPrice: amount.Draw(t, "bid"), BidSize: amount.Draw(t, "bid size"), AskPrice: amount.Draw(t, "ask"), AskSize: amount.Draw(t, "ask size"),
		LastPrice: amount.Draw(t, "last"), LastSize: amount.Draw(t, "last size"),
		Volume: amount.Draw(t, "volume"), TradeCount: amount.Draw(t, "count"), Turnover: amount.Draw(t, "turnover"),
		Open: amount.Draw(t, "open"), High: amount.Draw(t, "high"), Low: amount.Draw(t, "low"),
		Presence:  tick.Presence(rapid.Uint16Range(0, 1<<11-1).Draw(t, "presence")),
		Aggressor: tick.Side(rapid.Uint8Range(0, 2).Draw(t, "aggressor")), Status: tick.TradingStatus(rapid.Uint8Range(0, 4).Draw(t, "status")),
		Scales: tick.Scales{Price: rapid.Uint8Range(0, 18).Draw(t, "scale")},
	}
	if r.Presence&tick.HasBidPrice == 0 {
		r.Presence &^= tick.HasBidSize
	}
	if r.Presence&tick.HasAskPrice == 0 {
		r.Presence &^= tick.HasAskSize
	}
	return r
}

// expectedUpdate builds what the API's comments ask for, without event_delta.
func expectedUpdate(id uint32, r *tick.Record, changed tick.Changes, conflated uint64, snapshot bool) *tickgatev1.Update {
	u := &tickgatev1.Update{
		InstrumentId: id, Sequence: r.Sequence, Conflated: uint32(min(conflated, math.MaxUint32)), Snapshot: snapshot,
		RecvAge: uint64(max(0, int64(tsSend)-int64(r.TsRecv))),
	}
	if changed&tick.ChangedQuote != 0 && (!snapshot || r.Presence&(tick.HasBidPrice|tick.HasAskPrice) != 0) {
		u.Quote = expectedQuote(r, changed, snapshot)
	}
	if changed&tick.ChangedTrade != 0 && r.Presence&tick.HasLast != 0 {
		u.Trade = &tickgatev1.Trade{Price: r.LastPrice, Size: r.LastSize, Aggressor: tickgatev1.Side(r.Aggressor)}
	}
	u.Stats = expectedStats(r, changed)
	if changed&tick.ChangedStatus != 0 && (!snapshot || r.Status != tick.StatusUnknown) {
		u.Status = &tickgatev1.Status{Status: tickgatev1.TradingStatus(r.Status)}
	}
	return u
}

func expectedQuote(r *tick.Record, changed tick.Changes, snapshot bool) *tickgatev1.Quote {
	q := &tickgatev1.Quote{}
	has := func(p tick.Presence) bool { return r.Presence&p != 0 }
	q.BidCleared, q.BidPrice, q.BidSize = expectedSide(snapshot,
		changed&tick.ChangedBidPrice != 0, changed&tick.ChangedBidSize != 0, has(tick.HasBidPrice), has(tick.HasBidSize), r.BidPrice, r.BidSize)
	q.AskCleared, q.AskPrice, q.AskSize = expectedSide(snapshot,
		changed&tick.ChangedAskPrice != 0, changed&tick.ChangedAskSize != 0, has(tick.HasAskPrice), has(tick.HasAskSize), r.AskPrice, r.AskSize)
	return q
}

func expectedSide(snapshot, priceChanged, sizeChanged, hasPrice, hasSize bool, price, size int64) (cleared bool, p, s *int64) {
	switch {
	case snapshot:
	case priceChanged && !hasPrice:
		return true, nil, nil
	case sizeChanged && !hasSize && hasPrice:
		return true, &price, nil
	}
	if priceChanged && hasPrice {
		p = &price
	}
	if sizeChanged && hasSize {
		s = &size
	}
	return false, p, s
}

func expectedStats(r *tick.Record, changed tick.Changes) *tickgatev1.Stats {
	s := &tickgatev1.Stats{}
	given := func(group tick.Changes, has tick.Presence, value int64) *int64 {
		if changed&group == 0 || r.Presence&has == 0 {
			return nil
		}
		return &value
	}
	s.Volume = given(tick.ChangedTrade, tick.HasVolume, r.Volume)
	s.Turnover = given(tick.ChangedTrade, tick.HasTurnover, r.Turnover)
	s.Open = given(tick.ChangedRange, tick.HasOpen, r.Open)
	s.High = given(tick.ChangedRange, tick.HasHigh, r.High)
	s.Low = given(tick.ChangedRange, tick.HasLow, r.Low)
	if count := given(tick.ChangedTrade, tick.HasTradeCount, r.TradeCount); count != nil {
		s.TradeCount = proto.Uint64(uint64(*count))
	}
	if proto.Equal(s, &tickgatev1.Stats{}) {
		return nil
	}
	return s
}

// update encodes one update and decodes it again.
func update(t testing.TB, r *tick.Record, changed tick.Changes, snapshot bool) *tickgatev1.Update {
	t.Helper()
	var b wire.Batch
	b.Begin(nil, tsSend)
	b.Update(1, r.Sequence, r, changed, 0, snapshot)
	updates := decode(t, b.Finish(1)).GetUpdates()
	if len(updates) != 1 {
		t.Fatalf("%d updates", len(updates))
	}
	return updates[0]
}

func TestLongestUpdateIsWithinItsBound(t *testing.T) {
	record := fullRecord()
	var b wire.Batch
	b.Begin(nil, math.MaxInt64)
	before := b.Len()
	b.Update(math.MaxUint32, record.Sequence, &record, tick.ChangedAll, math.MaxUint64, true)
	if size := b.Len() - before; size > wire.MaxUpdateBytes {
		t.Errorf("%d bytes, at most %d", size, wire.MaxUpdateBytes)
	}
	if conflated := decode(t, b.Finish(1)).GetUpdates()[0].GetConflated(); conflated != math.MaxUint32 {
		t.Errorf("conflated %d, want it clamped to what the field holds", conflated)
	}
}

// TestQuoteSides applies quotes one after the other and compares what is sent of each change.
func TestQuoteSides(t *testing.T) {
	some := func(v int64) *int64 { return &v }
	both := tick.Quote{BidPrice: tick.Some(10), BidSize: tick.Some(1), AskPrice: tick.Some(11), AskSize: tick.Some(2)}
	for _, tt := range []struct {
		name          string
		before, after tick.Quote
		want          *tickgatev1.Quote
	}{
		{"bid moves", both, tick.Quote{BidPrice: tick.Some(9), BidSize: tick.Some(1), AskPrice: tick.Some(11), AskSize: tick.Some(2)},
			&tickgatev1.Quote{BidPrice: some(9)}},
		{"bid size disappears, its price stays", both, tick.Quote{BidPrice: tick.Some(10), AskPrice: tick.Some(11), AskSize: tick.Some(2)},
			&tickgatev1.Quote{BidCleared: true, BidPrice: some(10)}},
		{"ask size disappears, its price moves", both, tick.Quote{BidPrice: tick.Some(10), BidSize: tick.Some(1), AskPrice: tick.Some(12)},
			&tickgatev1.Quote{AskCleared: true, AskPrice: some(12)}},
		{"bid side empties", both, tick.Quote{AskPrice: tick.Some(11), AskSize: tick.Some(2)}, &tickgatev1.Quote{BidCleared: true}},
		{"both sides empty", both, tick.Quote{}, &tickgatev1.Quote{BidCleared: true, AskCleared: true}},
		{"bid side fills", tick.Quote{}, tick.Quote{BidPrice: tick.Some(0), BidSize: tick.Some(0)}, &tickgatev1.Quote{BidPrice: some(0), BidSize: some(0)}},
		{"crossed and negative", both, tick.Quote{BidPrice: tick.Some(3), BidSize: tick.Some(1), AskPrice: tick.Some(-3), AskSize: tick.Some(2)},
			&tickgatev1.Quote{BidPrice: some(3), AskPrice: some(-3)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tick.NewRecord()
			for sequence, q := range []tick.Quote{tt.before, tt.after} {
				if err := r.Apply(&tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(sequence + 1), Quote: q}, tsSend); err != nil {
					t.Fatal(err)
				}
			}
			if got := update(t, &r, r.ChangedSince(2, 1), false); !proto.Equal(got.GetQuote(), tt.want) {
				t.Errorf("got %v, want %v", got.GetQuote(), tt.want)
			}
			snapshot := update(t, &r, tick.ChangedAll, true).GetQuote()
			if snapshot.GetBidCleared() || snapshot.GetAskCleared() {
				t.Errorf("the snapshot %v clears what it does not build on", snapshot)
			}
			if (snapshot.GetBidPrice() != tt.after.BidPrice.Mantissa) || (snapshot != nil && (snapshot.BidPrice != nil) != tt.after.BidPrice.Present) {
				t.Errorf("the snapshot has %v, want %v", snapshot, tt.after)
			}
		})
	}
}

// TestStatusThatIsNotKnownAnyMoreIsTold: a venue's status that nobody understands must not leave the old one standing.
func TestStatusThatIsNotKnownAnyMoreIsTold(t *testing.T) {
	r := tick.NewRecord()
	for sequence, status := range []tick.TradingStatus{tick.StatusTrading, tick.StatusUnknown} {
		if err := r.Apply(&tick.Event{Kind: tick.KindStatus, Epoch: 1, Sequence: uint64(sequence + 1), Status: status}, tsSend); err != nil {
			t.Fatal(err)
		}
	}
	if got := update(t, &r, r.ChangedSince(2, 1), false); got.Status == nil || got.GetStatus().GetStatus() != tickgatev1.TradingStatus_TRADING_STATUS_UNSPECIFIED {
		t.Errorf("got %v, want a status that is not given", got)
	}
	if got := update(t, &r, tick.ChangedAll, true); got.Status != nil {
		t.Errorf("the snapshot %v gives a status that is not known", got)
	}
}

func TestTimesThatDisagree(t *testing.T) {
	r := fullRecord()
	r.TsEvent, r.TsRecv = 0, tsSend+1
	got := update(t, &r, tick.ChangedAll, true)
	if got.GetRecvAge() != 0 || got.EventDelta != nil {
		t.Errorf("got an age of %d and a delta of %v, want 0 and none", got.GetRecvAge(), got.EventDelta)
	}
}

// FuzzUpdate makes a record of arbitrary bits, also ones that Apply never leaves, and demands a message that the generated code decodes.
func FuzzUpdate(f *testing.F) {
	f.Add(make([]byte, 8*tick.RecordWords), uint64(tick.ChangedAll), uint64(1), true)
	f.Add([]byte("torn"), uint64(tick.ChangedQuote), uint64(math.MaxUint64), false)
	f.Fuzz(func(t *testing.T, bits []byte, changes, conflated uint64, snapshot bool) {
		var words tick.Words
		for i := range words {
			if len(bits) >= 8*(i+1) {
				words[i] = binary.LittleEndian.Uint64(bits[8*i:])
			}
		}
		var r tick.Record
		r.Unpack(&words)
		var b wire.Batch
		b.Begin(nil, tsSend)
		before := b.Len()
		b.Update(1, r.Sequence, &r, tick.Changes(changes)&tick.ChangedAll, conflated, snapshot)
		if size := b.Len() - before; size > wire.MaxUpdateBytes {
			t.Fatalf("%d bytes", size)
		}
		if u := decode(t, b.Finish(1)).GetUpdates(); len(u) != 1 || u[0].GetSequence() != r.Sequence {
			t.Fatalf("got %v", u)
		}
	})
}
