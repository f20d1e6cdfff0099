package csvfile

import (
	"fmt"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// parse fills item from a line. On an error item is unchanged in what matters: its time.
func (r *Reader) parse(line []byte) error {
	if err := r.splitter.split(line); err != nil {
		return err
	}
	if got := len(r.splitter.fields); got != r.columns {
		return fmt.Errorf("%d columns, the header has %d", got, r.columns)
	}
	at, err := r.time(datafile.FieldTsRecv)
	if err != nil {
		return err
	}
	symbol, err := r.symbols.Make(r.splitter.fields)
	if err != nil {
		return err
	}
	e := &r.item.Event
	*e = tick.Event{Kind: r.binding.Kind}
	if len(r.text(datafile.FieldTsEvent)) > 0 {
		if e.TsEvent, err = r.time(datafile.FieldTsEvent); err != nil {
			return err
		}
	}
	if err := r.parseNumbering(e); err != nil {
		return err
	}
	if err := r.parseBody(e); err != nil {
		return err
	}
	r.item.Symbol, r.item.At = symbol, r.rows.Good(at)
	return nil
}

// parseNumbering reads what most files do not have.
func (r *Reader) parseNumbering(e *tick.Event) (err error) {
	if text := r.text(datafile.FieldSequence); len(text) > 0 {
		if e.Sequence, err = parseCount(text); err != nil {
			return r.fieldError(datafile.FieldSequence, err)
		}
	}
	if text := r.text(datafile.FieldEpoch); len(text) > 0 {
		if e.Epoch, err = parseCount(text); err != nil {
			return r.fieldError(datafile.FieldEpoch, err)
		}
	}
	return nil
}

func (r *Reader) parseBody(e *tick.Event) (err error) {
	switch e.Kind {
	case tick.KindTrade:
		return r.parseTrade(e)
	case tick.KindStatus:
		if e.Status, err = datafile.ParseStatus(r.text(datafile.FieldStatus)); err != nil {
			return r.fieldError(datafile.FieldStatus, err)
		}
		return nil
	}
	return r.parseQuote(e)
}

func (r *Reader) parseTrade(e *tick.Event) error {
	price, err := r.decimal(datafile.FieldPrice)
	if err != nil {
		return err
	}
	size, err := r.decimal(datafile.FieldSize)
	if err != nil {
		return err
	}
	if size.Mantissa < 0 {
		return r.fieldError(datafile.FieldSize, errNegative)
	}
	side, err := datafile.ParseSide(r.text(datafile.FieldAggressor))
	if err != nil {
		return r.fieldError(datafile.FieldAggressor, err)
	}
	e.Scales = tick.Scales{Price: price.Scale, Size: size.Scale}
	e.Trade = tick.Trade{Price: price.Mantissa, Size: size.Mantissa, Aggressor: side}
	return nil
}

func (r *Reader) parseQuote(e *tick.Event) (err error) {
	q := &e.Quote
	if e.Scales.Price, err = r.pair(datafile.FieldBidPrice, datafile.FieldAskPrice, &q.BidPrice, &q.AskPrice); err != nil {
		return err
	}
	if e.Scales.Size, err = r.pair(datafile.FieldBidSize, datafile.FieldAskSize, &q.BidSize, &q.AskSize); err != nil {
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
func (r *Reader) pair(bidField, askField datafile.Field, bid, ask *tick.Amount) (scale uint8, err error) {
	b, err := r.optional(bidField, bid)
	if err != nil {
		return 0, err
	}
	a, err := r.optional(askField, ask)
	if err != nil {
		return 0, err
	}
	if a.Scale == b.Scale {
		return a.Scale, nil
	}
	if scale, err = datafile.SameScale(&b, &a); err != nil {
		return 0, r.fieldError(bidField, err)
	}
	bid.Mantissa, ask.Mantissa = b.Mantissa, a.Mantissa
	return scale, nil
}

// optional reads a decimal that may be absent: its column is empty, or the file has none.
func (r *Reader) optional(f datafile.Field, a *tick.Amount) (tick.Decimal, error) {
	if len(r.text(f)) == 0 {
		return tick.Decimal{}, nil
	}
	d, err := r.decimal(f)
	*a = tick.Some(d.Mantissa)
	return d, err
}

func (r *Reader) decimal(f datafile.Field) (d tick.Decimal, err error) {
	text := r.text(f)
	if len(text) == 0 {
		return tick.Decimal{}, r.fieldError(f, errMissing)
	}
	if column := &r.binding.Columns[f]; column.Rounded {
		d, r.digits, err = datafile.RoundText(string(text), column.Digits, r.digits)
	} else {
		d, err = parseDecimal(text)
	}
	if err != nil {
		return tick.Decimal{}, r.fieldError(f, err)
	}
	return d, nil
}

func (r *Reader) time(f datafile.Field) (tick.Time, error) {
	t, err := parseTime(r.text(f), r.binding.Columns[f].Unit)
	if err != nil {
		return 0, r.fieldError(f, err)
	}
	return t, nil
}

// text returns the bytes of a field, none if the file has no such column.
func (r *Reader) text(f datafile.Field) []byte {
	index := r.binding.Index[f]
	if index == datafile.AbsentColumn {
		return nil
	}
	return r.splitter.fields[index]
}

// maxFieldEcho is how much of a bad value is shown.
const maxFieldEcho = 40

func (r *Reader) fieldError(f datafile.Field, reason error) error {
	return fmt.Errorf("%s %q: %w", f, tick.Printable(string(r.text(f)), maxFieldEcho), reason)
}
