package tick_test

import (
	"errors"
	"math"
	"testing"

	"tickgate/pkg/tick"
)

var cents = tick.Scales{Price: 2, Size: 0, Turnover: 2}

func quoteEvent(sequence uint64, bidPrice, bidSize, askPrice, askSize tick.Amount) tick.Event {
	return tick.Event{
		Kind: tick.KindQuote, Epoch: 1, Sequence: sequence, TsEvent: tick.Time(1000 + sequence), Scales: cents,
		Quote: tick.Quote{BidPrice: bidPrice, BidSize: bidSize, AskPrice: askPrice, AskSize: askSize},
	}
}

func tradeEvent(sequence uint64, price, size int64, stats tick.Stats) tick.Event {
	return tick.Event{
		Kind: tick.KindTrade, Epoch: 1, Sequence: sequence, TsEvent: tick.Time(1000 + sequence), Scales: cents,
		Trade: tick.Trade{Price: price, Size: size, Aggressor: tick.SideSell, Stats: stats},
	}
}

func wholeStats(n int64) tick.Stats {
	return tick.Stats{
		Volume: tick.Some(10 * n), TradeCount: tick.Some(n), Turnover: tick.Some(1000 * n),
		Open: tick.Some(100), High: tick.Some(100 + n), Low: tick.Some(100 - n),
	}
}

func statusEvent(sequence uint64, status tick.TradingStatus) tick.Event {
	return tick.Event{Kind: tick.KindStatus, Epoch: 1, Sequence: sequence, TsEvent: tick.Time(1000 + sequence), Scales: cents, Status: status}
}

// applied returns a record after the events.
func applied(t testing.TB, events ...tick.Event) tick.Record {
	t.Helper()
	r := tick.NewRecord()
	for i := range events {
		if err := r.Apply(&events[i], tick.Time(2000+events[i].Sequence)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestApplyMergesKinds(t *testing.T) {
	r := applied(t,
		quoteEvent(1, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)),
		tradeEvent(2, 101, 3, wholeStats(4)),
		statusEvent(3, tick.StatusTrading),
	)
	if r.BidPrice != 99 || r.BidSize != 5 || r.AskPrice != 101 || r.AskSize != 7 {
		t.Errorf("quote is %d x %d / %d x %d", r.BidPrice, r.BidSize, r.AskPrice, r.AskSize)
	}
	if r.LastPrice != 101 || r.LastSize != 3 || r.Aggressor != tick.SideSell {
		t.Errorf("last trade is %d x %d, %d", r.LastPrice, r.LastSize, r.Aggressor)
	}
	if r.Volume != 40 || r.TradeCount != 4 || r.Turnover != 4000 || r.Open != 100 || r.High != 104 || r.Low != 96 {
		t.Errorf("figures are %+v", r)
	}
	if r.Status != tick.StatusTrading || r.Presence != 1<<11-1 || r.Scales != cents {
		t.Errorf("status %d, presence %b, scales %v", r.Status, r.Presence, r.Scales)
	}
	if r.Epoch != 1 || r.Sequence != 3 || r.TsEvent != 1003 || r.TsRecv != 2003 {
		t.Errorf("epoch %d, sequence %d, times %d and %d are not those of the newest event", r.Epoch, r.Sequence, r.TsEvent, r.TsRecv)
	}
}

func TestApplyAbsentIsNotZero(t *testing.T) {
	r := applied(t, quoteEvent(1, tick.Some(0), tick.Some(0), tick.Amount{}, tick.Amount{}))
	if r.Presence != tick.HasBidPrice|tick.HasBidSize {
		t.Fatalf("presence %b: a zero bid is present and no ask is absent", r.Presence)
	}
	next := quoteEvent(2, tick.Amount{}, tick.Amount{}, tick.Some(0), tick.Some(0))
	if err := r.Apply(&next, 0); err != nil {
		t.Fatal(err)
	}
	if r.Presence != tick.HasAskPrice|tick.HasAskSize {
		t.Fatalf("presence %b, want the ask alone", r.Presence)
	}
	if got, want := r.ChangedSince(2, 1), tick.ChangedQuote; got != want {
		t.Fatalf("from zero to absent and back changed %b, want %b", got, want)
	}
}

func TestApplyEmptySideDropsItsSize(t *testing.T) {
	r := applied(t,
		quoteEvent(1, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)),
		quoteEvent(2, tick.Amount{}, tick.Some(5), tick.Amount{}, tick.Some(7)),
	)
	if r.Presence != 0 || r.BidPrice != 0 || r.BidSize != 0 || r.AskPrice != 0 || r.AskSize != 0 {
		t.Fatalf("an empty book left %+v", r)
	}
}

func TestApplyKeepsPriceWithoutSize(t *testing.T) {
	r := applied(t, quoteEvent(1, tick.Some(99), tick.Amount{}, tick.Some(101), tick.Amount{}))
	if r.Presence != tick.HasBidPrice|tick.HasAskPrice {
		t.Fatalf("presence %b", r.Presence)
	}
}

func TestApplyTakesCrossedAndNegativePrices(t *testing.T) {
	r := applied(t, quoteEvent(1, tick.Some(5), tick.Some(1), tick.Some(-3), tick.Some(1)))
	if r.BidPrice != 5 || r.AskPrice != -3 {
		t.Fatalf("crossed quote became %d / %d", r.BidPrice, r.AskPrice)
	}
}

func TestApplyMarksOnlyWhatChanged(t *testing.T) {
	start := []tick.Event{
		quoteEvent(1, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)),
		tradeEvent(2, 101, 3, wholeStats(4)),
	}
	tests := []struct {
		name  string
		event tick.Event
		want  tick.Changes
	}{
		{"same quote still is an event", quoteEvent(3, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)), tick.ChangedBidPrice},
		{"bid size", quoteEvent(3, tick.Some(99), tick.Some(6), tick.Some(101), tick.Some(7)), tick.ChangedBidSize},
		{"ask price", quoteEvent(3, tick.Some(99), tick.Some(5), tick.Some(102), tick.Some(7)), tick.ChangedAskPrice},
		{"empty bid", quoteEvent(3, tick.Amount{}, tick.Amount{}, tick.Some(101), tick.Some(7)), tick.ChangedBidPrice | tick.ChangedBidSize},
		{"trade within the range", tradeEvent(3, 101, 3, wholeStats(4)), tick.ChangedTrade},
		{"trade at a new high", tradeEvent(3, 105, 3, wholeStats(5)), tick.ChangedTrade | tick.ChangedRange},
		{"status repeated", statusEvent(3, tick.StatusUnknown), tick.ChangedStatus},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := applied(t, append(start[:2:2], test.event)...)
			if got := r.ChangedSince(3, 2); got != test.want {
				t.Fatalf("ChangedSince = %b, want %b", got, test.want)
			}
		})
	}
}

func TestApplyNewEpochForgets(t *testing.T) {
	r := applied(t,
		quoteEvent(7, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)),
		tradeEvent(8, 101, 3, wholeStats(4)),
		statusEvent(9, tick.StatusTrading),
	)
	r.Missing = 17
	version := r.Version
	first := tradeEvent(1, 50, 1, tick.Stats{})
	first.Epoch, first.Scales = 2, tick.Scales{Price: 1}
	if err := r.Apply(&first, 3000); err != nil {
		t.Fatal(err)
	}
	if got := r.ChangedSince(4, 3); got != tick.ChangedAll {
		t.Errorf("changed %b, want all groups: what was forgotten changed too", got)
	}
	want := tick.Record{
		Epoch: 2, Sequence: 1, Missing: 17, TsEvent: 1001, TsRecv: 3000, LastPrice: 50, LastSize: 1, Aggressor: tick.SideSell,
		Presence: tick.HasLast, Scales: tick.Scales{Price: 1}, Version: version + 1,
	}
	if r != want { // the zero Record has all groups changed, as this one
		t.Errorf("record is %+v, want %+v", r, want)
	}
}

func TestApplyGrowsScales(t *testing.T) {
	r := applied(t,
		quoteEvent(1, tick.Some(9950), tick.Some(5), tick.Some(10050), tick.Some(7)),
		tradeEvent(2, 10050, 3, wholeStats(4)),
	)
	version := r.Version
	finer := quoteEvent(3, tick.Some(995001), tick.Some(51), tick.Some(1005000), tick.Some(70))
	finer.Scales = tick.Scales{Price: 4, Size: 1} // turnover scale smaller than the record's
	if err := r.Apply(&finer, 0); err != nil {
		t.Fatal(err)
	}
	if want := (tick.Scales{Price: 4, Size: 1, Turnover: 2}); r.Scales != want || r.Version != version+1 {
		t.Errorf("scales %v and version %d, want %v and %d", r.Scales, r.Version, want, version+1)
	}
	if r.BidPrice != 995001 || r.BidSize != 51 || r.AskPrice != 1005000 || r.AskSize != 70 {
		t.Errorf("quote is %d x %d / %d x %d", r.BidPrice, r.BidSize, r.AskPrice, r.AskSize)
	}
	if r.LastPrice != 1005000 || r.LastSize != 30 || r.Volume != 400 || r.Turnover != 4000 || r.TradeCount != 4 ||
		r.Open != 10000 || r.High != 10400 || r.Low != 9600 {
		t.Errorf("figures lost their value: %+v", r)
	}
	if got, want := r.ChangedSince(3, 2), tick.ChangedBidPrice|tick.ChangedBidSize; got != want {
		t.Errorf("changed %b, want %b: a new scale alone is no change of value", got, want)
	}
}

func TestApplyKeepsGreaterScales(t *testing.T) {
	r := applied(t, quoteEvent(1, tick.Some(9950), tick.Some(5), tick.Some(10050), tick.Some(7)))
	version := r.Version
	coarse := tradeEvent(2, 101, 3, tick.Stats{High: tick.Some(102), Turnover: tick.Some(303)})
	coarse.Scales = tick.Scales{}
	if err := r.Apply(&coarse, 0); err != nil {
		t.Fatal(err)
	}
	if r.Scales != cents || r.Version != version {
		t.Errorf("scales %v and version %d changed", r.Scales, r.Version)
	}
	if r.LastPrice != 10100 || r.LastSize != 3 || r.High != 10200 || r.Turnover != 30300 {
		t.Errorf("coarse trade became %+v", r)
	}
}

func TestApplyOverflowLeavesTheRecordUnchanged(t *testing.T) {
	start := []tick.Event{
		quoteEvent(1, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)),
		tradeEvent(2, math.MaxInt64/10, 3, wholeStats(4)),
	}
	finerThanTheRecordFits := quoteEvent(3, tick.Some(1), tick.Some(1), tick.Some(2), tick.Some(1))
	finerThanTheRecordFits.Scales.Price = 4
	tooGreatForTheRecordsScale := tradeEvent(3, math.MaxInt64/10, 1, tick.Stats{})
	tooGreatForTheRecordsScale.Scales.Price = 0
	scaleTooGreat := statusEvent(3, tick.StatusHalted)
	scaleTooGreat.Scales.Turnover = tick.MaxScale + 1
	newEpochScaleTooGreat := scaleTooGreat
	newEpochScaleTooGreat.Epoch = 2

	tests := []struct {
		name  string
		event tick.Event
	}{
		{"the record does not fit", finerThanTheRecordFits},
		{"the event does not fit", tooGreatForTheRecordsScale},
		{"no such scale", scaleTooGreat},
		{"no such scale in a new epoch", newEpochScaleTooGreat},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := applied(t, start...)
			before, event := r, test.event
			if err := r.Apply(&event, 9); !errors.Is(err, tick.ErrDecimalRange) {
				t.Fatalf("error %v, want ErrDecimalRange", err)
			}
			if r != before {
				t.Errorf("record is %+v, was %+v", r, before)
			}
			if event != test.event {
				t.Errorf("event is %+v, was %+v", event, test.event)
			}
		})
	}
}

// A new epoch starts with the event's own scales, so values that could not live beside the old ones are taken.
func TestApplyNewEpochCannotOverflow(t *testing.T) {
	r := applied(t, tradeEvent(1, 1, 1, tick.Stats{}))
	event := tradeEvent(1, math.MaxInt64, math.MinInt64, tick.Stats{})
	event.Epoch, event.Scales = 2, tick.Scales{}
	if err := r.Apply(&event, 0); err != nil {
		t.Fatal(err)
	}
	if r.LastPrice != math.MaxInt64 || r.LastSize != math.MinInt64 {
		t.Fatalf("last is %d x %d", r.LastPrice, r.LastSize)
	}
}

// Rescaling once looked at mantissas that have no meaning: those of the other kinds and of absent amounts.
func TestApplyRescaleIgnoresMeaninglessMantissas(t *testing.T) {
	garbage := tick.Amount{Mantissa: math.MaxInt64}
	event := quoteEvent(2, tick.Some(10), garbage, garbage, garbage)
	event.Scales = tick.Scales{}
	event.Trade = tick.Trade{Price: math.MaxInt64, Size: math.MaxInt64, Stats: tick.Stats{Volume: tick.Some(math.MaxInt64)}}
	r := applied(t, quoteEvent(1, tick.Some(99), tick.Some(5), tick.Some(101), tick.Some(7)), event)
	if r.BidPrice != 1000 || r.Presence != tick.HasBidPrice {
		t.Fatalf("record is %+v", r)
	}
}

func TestApplyDoesNotCompareSequences(t *testing.T) {
	r := applied(t, statusEvent(9, tick.StatusHalted), statusEvent(3, tick.StatusTrading))
	if r.Sequence != 3 || r.Status != tick.StatusTrading {
		t.Fatalf("sequence %d, status %d: order is the caller's business", r.Sequence, r.Status)
	}
}
