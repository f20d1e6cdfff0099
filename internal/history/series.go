package history

import (
	"slices"
	"sort"

	"tickgate/pkg/tick"
)

// event is one published event as the checker compares it: the fields of its kind.
type event struct {
	sequence uint64
	scales   tick.Scales
	first    field    // of the run of fields
	values   []int64  // of the run; points into the series
	present  fieldSet // given by this event
	carried  fieldSet // given by an earlier event of the epoch and not by this one: may be held or not
}

func (e event) text() string { return fieldsText(e.first, e.values, e.present|e.carried, e.scales) }

// series holds the published events of one symbol, epoch and kind, oldest first, in columns.
type series struct {
	first field
	width int

	sequences []uint64
	scales    []tick.Scales
	present   []fieldSet
	carried   []fieldSet
	values    []int64 // width per event
}

func newSeries(kind tick.Kind) series {
	switch kind {
	case tick.KindQuote:
		return series{first: bidPrice, width: int(askSize-bidPrice) + 1}
	case tick.KindTrade:
		return series{first: lastPrice, width: int(low-lastPrice) + 1}
	}
	return series{first: tradingStatus, width: 1}
}

func (s *series) append(e *tick.Event) {
	values, present := fieldsOf(e)
	row := values[s.first : int(s.first)+s.width]
	carried := s.carry(row, present, e.Scales)
	s.sequences = append(s.sequences, e.Sequence)
	s.scales = append(s.scales, e.Scales)
	s.present = append(s.present, present)
	s.carried = append(s.carried, carried)
	s.values = append(s.values, row...)
}

// carry fills in the session's figures that this trade does not give and an earlier one gave: the API cannot say that a figure is no longer
// given, so a client still holds it.
func (s *series) carry(row []int64, present fieldSet, scales tick.Scales) fieldSet {
	if s.first != lastPrice || len(s.sequences) == 0 {
		return 0
	}
	var carried fieldSet
	before := s.at(len(s.sequences) - 1)
	for i, value := range before.values {
		f := before.first + field(i)
		if present.has(f) || !(before.present | before.carried).has(f) {
			continue
		}
		scaled, err := tick.Decimal{Mantissa: value, Scale: scaleOf(f, before.scales)}.Rescale(scaleOf(f, scales))
		if err != nil {
			continue
		}
		row[i] = scaled
		carried.add(f)
	}
	return carried
}

func (s *series) at(i int) event {
	return event{
		sequence: s.sequences[i],
		scales:   s.scales[i],
		first:    s.first,
		values:   s.values[i*s.width : (i+1)*s.width],
		present:  s.present[i],
		carried:  s.carried[i],
	}
}

// none is the event before the first one: no field is present.
func (s *series) none() event { return event{first: s.first, values: make([]int64, s.width)} }

// countUpTo returns how many events have a sequence of at most sequence.
func (s *series) countUpTo(sequence uint64) int {
	return sort.Search(len(s.sequences), func(i int) bool { return s.sequences[i] > sequence })
}

func (s *series) contains(sequence uint64) bool {
	_, found := slices.BinarySearch(s.sequences, sequence)
	return found
}

// matchedBetween reports whether t holds the fields of one event as a whole, of those in force at sequence from and later, up to sequence to.
func (s *series) matchedBetween(t *ticker, from, to uint64) bool {
	oldest := s.countUpTo(from) - 1
	for i := s.countUpTo(to) - 1; i >= max(oldest, 0); i-- {
		if t.matches(s.at(i)) {
			return true
		}
	}
	return oldest < 0 && t.matches(s.none())
}

// fieldsOf lays an event out in fields. A side without a price has no size; an unknown status is none.
func fieldsOf(e *tick.Event) ([fieldCount]int64, fieldSet) {
	var t ticker
	switch e.Kind {
	case tick.KindQuote:
		t.setAmount(bidPrice, e.Quote.BidPrice)
		t.setAmount(bidSize, e.Quote.BidSize)
		t.setAmount(askPrice, e.Quote.AskPrice)
		t.setAmount(askSize, e.Quote.AskSize)
		t.present = withoutOrphanSizes(t.present)
	case tick.KindTrade:
		t.set(lastPrice, e.Trade.Price)
		t.set(lastSize, e.Trade.Size)
		t.set(aggressor, int64(e.Trade.Aggressor))
		t.setAmount(volume, e.Trade.Stats.Volume)
		t.setAmount(tradeCount, e.Trade.Stats.TradeCount)
		t.setAmount(turnover, e.Trade.Stats.Turnover)
		t.setAmount(open, e.Trade.Stats.Open)
		t.setAmount(high, e.Trade.Stats.High)
		t.setAmount(low, e.Trade.Stats.Low)
	case tick.KindStatus:
		if e.Status != tick.StatusUnknown {
			t.set(tradingStatus, int64(e.Status))
		}
	}
	return t.values, t.present
}

func (t *ticker) setAmount(f field, a tick.Amount) {
	if a.Present {
		t.set(f, a.Mantissa)
	}
}
