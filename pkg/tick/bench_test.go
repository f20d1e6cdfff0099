package tick_test

import (
	"testing"

	"tickgate/pkg/tick"
)

// busyEvents are quotes and a trade that differ from one to the next.
func busyEvents() []tick.Event {
	return []tick.Event{
		quoteEvent(1, tick.Some(9950), tick.Some(5), tick.Some(10050), tick.Some(7)),
		quoteEvent(2, tick.Some(9950), tick.Some(6), tick.Some(10050), tick.Some(7)),
		tradeEvent(3, 10050, 3, wholeStats(4)),
		quoteEvent(4, tick.Some(9951), tick.Some(6), tick.Some(10051), tick.Some(1)),
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	events := busyEvents()
	coarse := events[1]
	coarse.Scales = tick.Scales{}
	record := applied(t, events...)
	var words tick.Words
	record.Pack(&words)
	token := make([]byte, 0, 64)
	tests := map[string]func(){
		"Apply":          func() { _ = record.Apply(&events[2], 1) },
		"Apply rescaled": func() { _ = record.Apply(&coarse, 1) },
		"Pack":           func() { record.Pack(&words) },
		"Unpack":         func() { record.Unpack(&words) },
		"ChangedSince":   func() { _ = record.ChangedSince(9, 5) },
		"ValidateSymbol": func() { _ = tick.ValidateSymbol("BTCUSDT.BINANCE_SPOT") },
		"AppendToken":    func() { token = tick.AppendToken(token[:0], "BTCUSDT.BINANCE_SPOT") },
		"Decimal.Append": func() { token = tick.Decimal{Mantissa: 6183763, Scale: 8}.Append(token[:0]) },
	}
	for name, hotPath := range tests {
		if allocs := testing.AllocsPerRun(100, hotPath); allocs != 0 {
			t.Errorf("%s allocates %v times", name, allocs)
		}
	}
}

// BenchmarkApply times merging one event: a mix of three quotes and a trade, all of the record's own scales.
func BenchmarkApply(b *testing.B) {
	events := busyEvents()
	record := applied(b, events...)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := record.Apply(&events[i&3], 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApplyRescaled times merging one quote whose scales are smaller than the record's.
func BenchmarkApplyRescaled(b *testing.B) {
	events := busyEvents()
	record := applied(b, events...)
	coarse := events[1]
	coarse.Scales = tick.Scales{}
	b.ReportAllocs()
	for b.Loop() {
		if err := record.Apply(&coarse, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPack times packing one record into words that are in the cache.
func BenchmarkPack(b *testing.B) {
	record := applied(b, busyEvents()...)
	var words tick.Words
	b.ReportAllocs()
	for b.Loop() {
		record.Pack(&words)
	}
}

// BenchmarkUnpack times the reverse.
func BenchmarkUnpack(b *testing.B) {
	record := applied(b, busyEvents()...)
	var words tick.Words
	record.Pack(&words)
	b.ReportAllocs()
	for b.Loop() {
		record.Unpack(&words)
	}
}

// BenchmarkChangedSince times one question to a record at distances from 0 to 255.
func BenchmarkChangedSince(b *testing.B) {
	record := applied(b, busyEvents()...)
	b.ReportAllocs()
	var changed tick.Changes
	for i := uint64(0); b.Loop(); i++ {
		changed |= record.ChangedSince(1000, 1000-i&255)
	}
	if changed == 0 {
		b.Fatal("nothing changed")
	}
}
