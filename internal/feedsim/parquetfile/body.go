package parquetfile

import (
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

func (r *Reader) parseBody(e *tick.Event) (err error) {
	switch e.Kind {
	case tick.KindTrade:
		return r.parseTrade(e)
	case tick.KindStatus:
		v, _ := r.value(datafile.FieldStatus)
		if e.Status, err = datafile.ParseStatus(appendText(nil, v)); err != nil {
			return r.fieldError(datafile.FieldStatus, err)
		}
		return nil
	}
	return r.parseQuote(e)
}

func (r *Reader) parseTrade(e *tick.Event) error {
	price, ok, err := r.decimal(datafile.FieldPrice, datafile.FieldPriceScale)
	if err == nil && !ok {
		err = r.fieldError(datafile.FieldPrice, errMissing)
	}
	if err != nil {
		return err
	}
	size, ok, err := r.decimal(datafile.FieldSize, datafile.FieldSizeScale)
	if err == nil && !ok {
		err = r.fieldError(datafile.FieldSize, errMissing)
	}
	if err != nil {
		return err
	}
	if size.Mantissa < 0 {
		return r.fieldError(datafile.FieldSize, errNegative)
	}
	side := tick.SideUnknown
	if v, ok := r.value(datafile.FieldAggressor); ok {
		if side, err = datafile.ParseSide(v.ByteArray()); err != nil {
			return r.fieldError(datafile.FieldAggressor, err)
		}
	}
	e.Scales = tick.Scales{Price: price.Scale, Size: size.Scale}
	e.Trade = tick.Trade{Price: price.Mantissa, Size: size.Mantissa, Aggressor: side}
	return nil
}

func (r *Reader) parseQuote(e *tick.Event) (err error) {
	q := &e.Quote
	if e.Scales.Price, err = r.pair(datafile.FieldBidPrice, datafile.FieldAskPrice, datafile.FieldPriceScale, &q.BidPrice, &q.AskPrice); err != nil {
		return err
	}
	if e.Scales.Size, err = r.pair(datafile.FieldBidSize, datafile.FieldAskSize, datafile.FieldSizeScale, &q.BidSize, &q.AskSize); err != nil {
		return err
	}
	if q.BidSize.Mantissa < 0 {
		return r.fieldError(datafile.FieldBidSize, errNegative)
	}
	if q.AskSize.Mantissa < 0 {
		return r.fieldError(datafile.FieldAskSize, errNegative)
	}
	return nil
}

// pair reads two optional decimals and brings them to the greater of their scales.
func (r *Reader) pair(bidField, askField, scaleField datafile.Field, bid, ask *tick.Amount) (uint8, error) {
	b, hasBid, err := r.decimal(bidField, scaleField)
	if err != nil {
		return 0, err
	}
	a, hasAsk, err := r.decimal(askField, scaleField)
	if err != nil {
		return 0, err
	}
	scale, err := datafile.SameScale(&b, &a)
	if err != nil {
		return 0, r.fieldError(bidField, err)
	}
	*bid, *ask = tick.Amount{Mantissa: b.Mantissa, Present: hasBid}, tick.Amount{Mantissa: a.Mantissa, Present: hasAsk}
	return scale, nil
}

// decimal reads a number that may be absent, with the digits that the row says it has.
func (r *Reader) decimal(f, scaleField datafile.Field) (d tick.Decimal, ok bool, err error) {
	v, ok := r.value(f)
	if !ok || isNaN(v) {
		return tick.Decimal{}, false, nil
	}
	scale := noScale
	if s, ok := r.value(scaleField); ok {
		digits, err := integerOf(s)
		if err != nil || digits < 0 || digits > tick.MaxScale {
			return tick.Decimal{}, false, r.fieldError(scaleField, errScale)
		}
		scale = int(digits)
	}
	if d, err = r.numbers[f](v, scale); err != nil {
		return tick.Decimal{}, false, r.fieldError(f, err)
	}
	return d, true, nil
}
