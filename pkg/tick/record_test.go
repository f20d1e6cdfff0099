package tick_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"tickgate/pkg/tick"
)

func drawRecord(t *rapid.T) tick.Record {
	record := tick.NewRecord()
	for range rapid.IntRange(0, 20).Draw(t, "events") {
		event := drawEvent(t, tick.Scales{})
		if err := record.Apply(&event, 0); err != nil {
			t.Fatal(err)
		}
	}
	// The ages stay as the events left them; every public field takes any value.
	any64 := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64, math.MaxUint32, 1 << 32}))
	record.Sequence, record.Epoch, record.Missing = uint64(any64.Draw(t, "seq")), uint64(any64.Draw(t, "epoch")), uint64(any64.Draw(t, "missing"))
	record.TsEvent, record.TsRecv = tick.Time(any64.Draw(t, "event")), tick.Time(any64.Draw(t, "recv"))
	for _, field := range []*int64{
		&record.BidPrice, &record.BidSize, &record.AskPrice, &record.AskSize, &record.LastPrice, &record.LastSize,
		&record.Volume, &record.TradeCount, &record.Turnover, &record.Open, &record.High, &record.Low,
	} {
		*field = any64.Draw(t, "mantissa")
	}
	record.Presence = tick.Presence(rapid.Uint16().Draw(t, "presence"))
	record.Aggressor = tick.Side(rapid.Uint8Range(0, 15).Draw(t, "side"))
	record.Status = tick.TradingStatus(rapid.Uint8Range(0, 15).Draw(t, "status"))
	record.Scales = tick.Scales{Price: rapid.Uint8().Draw(t, "price"), Size: rapid.Uint8().Draw(t, "size"), Turnover: rapid.Uint8().Draw(t, "turnover")}
	record.Version = rapid.Uint16().Draw(t, "version")
	return record
}

func TestUnpackIsTheInverseOfPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := drawRecord(t)
		var words tick.Words
		record.Pack(&words)
		unpacked := tick.Record{LastPrice: 4711} // an unpacked record keeps nothing of what it was
		unpacked.Unpack(&words)
		if unpacked != record {
			t.Fatalf("unpacked %+v, packed %+v", unpacked, record)
		}
	})
}

// Every bit of the words means something: none is lost, none is shared by two fields.
func TestPackIsTheInverseOfUnpack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words, again tick.Words
		for i := range words {
			words[i] = rapid.Uint64().Draw(t, "word")
		}
		var record tick.Record
		record.Unpack(&words)
		record.Pack(&again)
		if again != words {
			t.Fatalf("packed %x, unpacked %x", again, words)
		}
	})
}

// A side or status that the record has no room for must not spill into its neighbours.
func TestPackKeepsNeighboursOfAnUnknownSide(t *testing.T) {
	record := tick.Record{Aggressor: 0xff, Status: 0xf0, Presence: tick.HasLast, Scales: tick.Scales{Price: 2}}
	var words tick.Words
	record.Pack(&words)
	record.Unpack(&words)
	if record.Status != 0 || record.Presence != tick.HasLast || record.Scales.Price != 2 {
		t.Fatalf("record became %+v", record)
	}
}

// While prices, sizes and times stay in their range, a quote that moves everything changes one word per pair: what the ring's cost rests on.
func TestPackOfAQuoteChangesFewWords(t *testing.T) {
	const price, size, time = 6183763000000, 378826000, 1723161254024619568
	quote := func(i int64) tick.Event {
		return tick.Event{
			Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(i), TsEvent: tick.Time(time + i), Scales: tick.Scales{Price: 8, Size: 8},
			Quote: tick.Quote{
				BidPrice: tick.Some(price + i), BidSize: tick.Some(size + i), AskPrice: tick.Some(price + 2*i), AskSize: tick.Some(size + 3*i),
			},
		}
	}
	first, second := quote(1), quote(2)
	record := tick.NewRecord()
	var before, after tick.Words
	for _, event := range []*tick.Event{&first, &first, &second} {
		before = after
		if err := record.Apply(event, event.TsEvent+1000); err != nil {
			t.Fatal(err)
		}
		record.Pack(&after)
	}
	changed := 0
	for i := range after {
		if after[i] != before[i] {
			changed++
		}
	}
	if changed > 5 { // sequence, times, prices, sizes, ages
		t.Fatalf("%d words changed, want at most 5", changed)
	}
}

func TestKindNames(t *testing.T) {
	for _, kind := range []tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus} {
		if got := tick.ParseKind(kind.String()); got != kind {
			t.Errorf("ParseKind(%q) = %d, want %d", kind, got, kind)
		}
	}
	for _, s := range []string{"", "Quote", "unknown", "quote "} {
		if got := tick.ParseKind(s); got != 0 {
			t.Errorf("ParseKind(%q) = %d, want 0", s, got)
		}
	}
	if got := tick.Kind(9).String(); got != "unknown" {
		t.Errorf("Kind(9) = %q", got)
	}
}
