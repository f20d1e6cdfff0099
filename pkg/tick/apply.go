package tick

import "fmt"

// NewRecord returns the record of a symbol that has no event yet.
func NewRecord() Record { return Record{ages: allOldest} }

// Apply merges an event that is newer than the record. Order is the caller's business: Apply does not compare sequences. If a mantissa
// does not fit the greater of both scales, or a scale is above MaxScale, it returns ErrDecimalRange and leaves the record unchanged.
//
// A new epoch is a new session: figures, quote and status of the old one are forgotten, and every group counts as changed.
func (r *Record) Apply(e *Event, received Time) error {
	if e.Epoch != r.Epoch {
		return r.beginEpoch(e, received)
	}
	if e.Scales != r.Scales {
		return r.applyRescaled(e, received)
	}
	r.apply(e, received)
	return nil
}

func (r *Record) apply(e *Event, received Time) {
	var changed Changes
	switch e.Kind {
	case KindQuote:
		changed = r.applyQuote(&e.Quote)
	case KindTrade:
		changed = r.applyTrade(&e.Trade)
	case KindStatus:
		r.Status = e.Status
		changed = ChangedStatus
	}
	r.ages = r.ages.advance(changed)
	r.Sequence, r.TsEvent, r.TsRecv = e.Sequence, e.TsEvent, received
}

// beginEpoch takes the event's scales as they are, so there is nothing to rescale and only the scales themselves can be wrong.
func (r *Record) beginEpoch(e *Event, received Time) error {
	if scale := max(e.Scales.Price, e.Scales.Size, e.Scales.Turnover); scale > MaxScale {
		return fmt.Errorf("%w: scale %d, at most %d", ErrDecimalRange, scale, MaxScale)
	}
	*r = Record{Epoch: e.Epoch, Missing: r.Missing, Scales: e.Scales, Version: r.Version + 1}
	r.apply(e, received)
	r.ages = allNewest // a group that the event does not set was forgotten, and that is a change
	return nil
}

func (r *Record) applyQuote(q *Quote) Changes {
	bidSize, askSize := q.BidSize, q.AskSize
	if !q.BidPrice.Present { // an empty side has no size
		bidSize = Amount{}
	}
	if !q.AskPrice.Present {
		askSize = Amount{}
	}
	changed := r.set(&r.BidPrice, q.BidPrice, HasBidPrice, ChangedBidPrice) |
		r.set(&r.BidSize, bidSize, HasBidSize, ChangedBidSize) |
		r.set(&r.AskPrice, q.AskPrice, HasAskPrice, ChangedAskPrice) |
		r.set(&r.AskSize, askSize, HasAskSize, ChangedAskSize)
	if changed == 0 { // a quote that repeats the former one is an event all the same: who wants quotes only must get its sequence
		return ChangedBidPrice
	}
	return changed
}

func (r *Record) applyTrade(t *Trade) Changes {
	r.LastPrice, r.LastSize, r.Aggressor = t.Price, t.Size, t.Aggressor
	r.Presence |= HasLast
	r.set(&r.Volume, t.Stats.Volume, HasVolume, 0)
	r.set(&r.TradeCount, t.Stats.TradeCount, HasTradeCount, 0)
	r.set(&r.Turnover, t.Stats.Turnover, HasTurnover, 0)
	return ChangedTrade |
		r.set(&r.Open, t.Stats.Open, HasOpen, ChangedRange) |
		r.set(&r.High, t.Stats.High, HasHigh, ChangedRange) |
		r.set(&r.Low, t.Stats.Low, HasLow, ChangedRange)
}

// set stores a field and its presence, and returns group if either differs from before.
func (r *Record) set(field *int64, a Amount, has Presence, group Changes) Changes {
	if !a.Present {
		if r.Presence&has == 0 {
			return 0
		}
		*field = 0
		r.Presence &^= has
		return group
	}
	if r.Presence&has != 0 && *field == a.Mantissa {
		return 0
	}
	*field = a.Mantissa
	r.Presence |= has
	return group
}

// applyRescaled brings record and event to the greater of both scales first. Scales only grow within an epoch, so that what was sent
// before never loses a digit.
func (r *Record) applyRescaled(e *Event, received Time) error {
	scales := Scales{
		Price:    max(r.Scales.Price, e.Scales.Price),
		Size:     max(r.Scales.Size, e.Scales.Size),
		Turnover: max(r.Scales.Turnover, e.Scales.Turnover),
	}
	record, event := *r, *e
	if err := record.rescale(scales); err != nil {
		return err
	}
	if err := event.rescale(scales); err != nil {
		return err
	}
	*r = record
	r.apply(&event, received)
	return nil
}

func (r *Record) rescale(to Scales) error {
	if r.Scales == to {
		return nil
	}
	var s rescaler
	s.mantissas(r.Scales.Price, to.Price, &r.BidPrice, &r.AskPrice, &r.LastPrice, &r.Open, &r.High, &r.Low)
	s.mantissas(r.Scales.Size, to.Size, &r.BidSize, &r.AskSize, &r.LastSize, &r.Volume)
	s.mantissas(r.Scales.Turnover, to.Turnover, &r.Turnover)
	r.Scales = to
	r.Version++
	return s.err
}

// rescale looks only at the part that Kind names: what else the event holds has no meaning and must not refuse it.
func (e *Event) rescale(to Scales) error {
	var s rescaler
	switch e.Kind {
	case KindQuote:
		q := &e.Quote
		s.amounts(e.Scales.Price, to.Price, &q.BidPrice, &q.AskPrice)
		s.amounts(e.Scales.Size, to.Size, &q.BidSize, &q.AskSize)
	case KindTrade:
		t := &e.Trade
		s.mantissas(e.Scales.Price, to.Price, &t.Price)
		s.mantissas(e.Scales.Size, to.Size, &t.Size)
		s.amounts(e.Scales.Price, to.Price, &t.Stats.Open, &t.Stats.High, &t.Stats.Low)
		s.amounts(e.Scales.Size, to.Size, &t.Stats.Volume)
		s.amounts(e.Scales.Turnover, to.Turnover, &t.Stats.Turnover)
	}
	e.Scales = to
	return s.err
}

// rescaler keeps the first error.
type rescaler struct{ err error }

func (s *rescaler) amounts(from, to uint8, amounts ...*Amount) {
	for _, a := range amounts {
		if a.Present {
			s.mantissas(from, to, &a.Mantissa)
		}
	}
}

func (s *rescaler) mantissas(from, to uint8, mantissas ...*int64) {
	if from == to {
		return
	}
	for _, m := range mantissas {
		scaled, err := Decimal{Mantissa: *m, Scale: from}.Rescale(to)
		if err != nil && s.err == nil {
			s.err = err
		}
		*m = scaled
	}
}
