package tick_test

import (
	"testing"

	"pgregory.net/rapid"

	"tickgate/pkg/tick"
)

var groups = []tick.Changes{
	tick.ChangedBidPrice, tick.ChangedBidSize, tick.ChangedAskPrice, tick.ChangedAskSize,
	tick.ChangedTrade, tick.ChangedRange, tick.ChangedStatus,
}

// changeModel remembers what the record's ages stand for: the absolute position at which each group last changed.
type changeModel struct {
	position    uint64
	lastChanged map[tick.Changes]uint64
}

func (m *changeModel) advance(changed tick.Changes) {
	m.position++
	for _, group := range groups {
		if changed&group != 0 {
			m.lastChanged[group] = m.position
		}
	}
}

func (m *changeModel) changedSince(lastPosition uint64) (changed tick.Changes) {
	for _, group := range groups {
		if m.lastChanged[group] > lastPosition {
			changed |= group
		}
	}
	return changed
}

// changesBetween compares the public fields of two records; quote, trade and status count as changes even if they repeat the former one.
func changesBetween(before, after *tick.Record, kind tick.Kind) (changed tick.Changes) {
	if before.Epoch != after.Epoch {
		return tick.ChangedAll
	}
	differs := func(was, is int64, has tick.Presence, group tick.Changes) {
		if was != is || before.Presence&has != after.Presence&has {
			changed |= group
		}
	}
	differs(before.BidPrice, after.BidPrice, tick.HasBidPrice, tick.ChangedBidPrice)
	differs(before.BidSize, after.BidSize, tick.HasBidSize, tick.ChangedBidSize)
	differs(before.AskPrice, after.AskPrice, tick.HasAskPrice, tick.ChangedAskPrice)
	differs(before.AskSize, after.AskSize, tick.HasAskSize, tick.ChangedAskSize)
	differs(before.Open, after.Open, tick.HasOpen, tick.ChangedRange)
	differs(before.High, after.High, tick.HasHigh, tick.ChangedRange)
	differs(before.Low, after.Low, tick.HasLow, tick.ChangedRange)
	if kind == tick.KindQuote && changed == 0 { // a repeated quote counts as a change of the bid
		changed = tick.ChangedBidPrice
	}
	switch kind {
	case tick.KindTrade:
		changed |= tick.ChangedTrade
	case tick.KindStatus:
		changed |= tick.ChangedStatus
	}
	return changed
}

// drawEvent draws from few values, so that events often repeat what the record already holds.
func drawEvent(t *rapid.T, scales tick.Scales) tick.Event {
	amount := rapid.Custom(func(t *rapid.T) tick.Amount {
		return tick.Amount{Present: rapid.IntRange(0, 4).Draw(t, "present") > 0, Mantissa: rapid.Int64Range(0, 2).Draw(t, "mantissa")}
	})
	event := tick.Event{Kind: rapid.SampledFrom([]tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus}).Draw(t, "kind"), Epoch: 1, Scales: scales}
	if rapid.IntRange(0, 30).Draw(t, "epoch") == 0 {
		event.Epoch = 2
	}
	switch event.Kind {
	case tick.KindQuote:
		event.Quote = tick.Quote{
			BidPrice: amount.Draw(t, "bid price"), BidSize: amount.Draw(t, "bid size"),
			AskPrice: amount.Draw(t, "ask price"), AskSize: amount.Draw(t, "ask size"),
		}
	case tick.KindTrade:
		event.Trade = tick.Trade{Price: 1, Size: 1, Stats: tick.Stats{
			Volume: amount.Draw(t, "volume"), Open: amount.Draw(t, "open"), High: amount.Draw(t, "high"), Low: amount.Draw(t, "low"),
		}}
	case tick.KindStatus:
		event.Status = tick.TradingStatus(rapid.IntRange(0, 4).Draw(t, "status"))
	}
	return event
}

func TestChangedSinceAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := tick.NewRecord()
		model := changeModel{lastChanged: map[tick.Changes]uint64{}}
		for range rapid.IntRange(1, 12).Draw(t, "runs") {
			event := drawEvent(t, tick.Scales{})
			// A run repeats one event, so that the other groups grow old, past 255 events too.
			for range rapid.SampledFrom([]int{1, 1, 2, 3, 100, 254, 255, 256}).Draw(t, "repeats") {
				before := record
				if err := record.Apply(&event, 0); err != nil {
					t.Fatal(err)
				}
				model.advance(changesBetween(&before, &record, event.Kind))
			}
			checkChanges(t, &record, &model)
		}
	})
}

// checkChanges asks for every distance from 0 to just beyond the exact range, and for some far ones.
func checkChanges(t *rapid.T, record *tick.Record, model *changeModel) {
	for distance := uint64(0); distance <= model.position; distance++ {
		last := model.position - distance
		got, want := record.ChangedSince(model.position, last), model.changedSince(last)
		if want&^got != 0 {
			t.Fatalf("ChangedSince(%d, %d) = %b misses a change of %b", model.position, last, got, want)
		}
		if distance <= 255 && got != want {
			t.Fatalf("ChangedSince(%d, %d) = %b, want exactly %b", model.position, last, got, want)
		}
	}
}

func TestChangedSinceNothingHappened(t *testing.T) {
	record := tick.NewRecord()
	for _, distance := range []uint64{0, 1, 255} {
		if got := record.ChangedSince(1000, 1000-distance); got != 0 {
			t.Errorf("a new record changed %b within %d events", got, distance)
		}
	}
	if got := record.ChangedSince(1000, 1000-256); got != tick.ChangedAll {
		t.Errorf("beyond 255 events %b, want all", got)
	}
}

// A reader with a position from another life of the ring is ahead of the record: it must be told everything.
func TestChangedSinceAPositionAhead(t *testing.T) {
	record := tick.NewRecord()
	if got := record.ChangedSince(5, 6); got != tick.ChangedAll {
		t.Fatalf("ChangedSince(5, 6) = %b, want all", got)
	}
}
