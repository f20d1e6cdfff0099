package tick

// NewRecord returns the record of a symbol that has no event yet.
func NewRecord() Record { return Record{ages: allOldest} }

// Apply merges an event that is newer than the record. Order is the caller's business: Apply does not compare sequences. If a mantissa
// does not fit the greater of both scales it returns ErrDecimalRange and leaves the record unchanged.
//
// A new epoch is a new session: figures and quote of the old one are forgotten.
func (r *Record) Apply(e *Event, received Time) error {
	if e.Epoch != r.Epoch {
		r.beginEpoch(e)
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

func (r *Record) beginEpoch(e *Event) {
	*r = Record{Epoch: e.Epoch, Missing: r.Missing, Scales: e.Scales, Version: r.Version + 1, ages: allOldest}
}

func (r *Record) applyQuote(q *Quote) Changes {
	bidSize, askSize := q.BidSize, q.AskSize
	if !q.BidPrice.Present { // an empty side has no size
		bidSize = Amount{}
	}
	if !q.AskPrice.Present {
		askSize = Amount{}
	}
	return r.set(&r.BidPrice, q.BidPrice, HasBidPrice, ChangedBidPrice) |
		r.set(&r.BidSize, bidSize, HasBidSize, ChangedBidSize) |
		r.set(&r.AskPrice, q.AskPrice, HasAskPrice, ChangedAskPrice) |
		r.set(&r.AskSize, askSize, HasAskSize, ChangedAskSize)
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

func (e *Event) rescale(to Scales) error {
	var s rescaler
	q, t := &e.Quote, &e.Trade
	s.mantissas(e.Scales.Price, to.Price, &q.BidPrice.Mantissa, &q.AskPrice.Mantissa, &t.Price,
		&t.Stats.Open.Mantissa, &t.Stats.High.Mantissa, &t.Stats.Low.Mantissa)
	s.mantissas(e.Scales.Size, to.Size, &q.BidSize.Mantissa, &q.AskSize.Mantissa, &t.Size, &t.Stats.Volume.Mantissa)
	s.mantissas(e.Scales.Turnover, to.Turnover, &t.Stats.Turnover.Mantissa)
	e.Scales = to
	return s.err
}

// rescaler keeps the first error.
type rescaler struct{ err error }

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
