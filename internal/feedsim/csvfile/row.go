package csvfile

import (
	"fmt"

	"tickgate/pkg/tick"
)

// parse fills item from a line. On an error item is unchanged in what matters: its time.
func (r *Reader) parse(line []byte) error {
	if err := r.splitter.split(line); err != nil {
		return err
	}
	if got := len(r.splitter.fields); got != r.binding.columns {
		return fmt.Errorf("%d columns, the header has %d", got, r.binding.columns)
	}
	at, err := r.time(FieldTsRecv)
	if err != nil {
		return err
	}
	symbol, err := r.symbol()
	if err != nil {
		return err
	}
	e := &r.item.Event
	*e = tick.Event{Kind: r.binding.kind}
	if len(r.text(FieldTsEvent)) > 0 {
		if e.TsEvent, err = r.time(FieldTsEvent); err != nil {
			return err
		}
	}
	if e.Kind == tick.KindTrade {
		err = r.parseTrade(e)
	} else {
		err = r.parseQuote(e)
	}
	if err != nil {
		return err
	}
	r.item.Symbol = symbol
	r.order(at)
	return nil
}

// order keeps a row in its place: one that is earlier than the row before it is due together with that.
func (r *Reader) order(at tick.Time) {
	if r.good > 0 && at < r.item.At {
		r.report.OutOfOrder++
		return
	}
	r.item.At = at
}

func (r *Reader) parseTrade(e *tick.Event) error {
	price, err := r.decimal(FieldPrice)
	if err != nil {
		return err
	}
	size, err := r.decimal(FieldSize)
	if err != nil {
		return err
	}
	if size.Mantissa < 0 {
		return r.fieldError(FieldSize, errNegative)
	}
	side, err := parseAggressor(r.text(FieldAggressor))
	if err != nil {
		return r.fieldError(FieldAggressor, err)
	}
	e.Scales = tick.Scales{Price: price.Scale, Size: size.Scale}
	e.Trade = tick.Trade{Price: price.Mantissa, Size: size.Mantissa, Aggressor: side}
	return nil
}

func (r *Reader) parseQuote(e *tick.Event) (err error) {
	q := &e.Quote
	if e.Scales.Price, err = r.pair(FieldBidPrice, FieldAskPrice, &q.BidPrice, &q.AskPrice); err != nil {
		return err
	}
	if e.Scales.Size, err = r.pair(FieldBidSize, FieldAskSize, &q.BidSize, &q.AskSize); err != nil {
		return err
	}
	if q.BidSize.Mantissa < 0 {
		return r.fieldError(FieldBidSize, errNegative)
	}
	if q.AskSize.Mantissa < 0 {
		return r.fieldError(FieldAskSize, errNegative)
	}
	return nil
}

// pair reads two optional decimals and brings them to the greater of their scales.
func (r *Reader) pair(bidField, askField Field, bid, ask *tick.Amount) (scale uint8, err error) {
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
	scale = max(a.Scale, b.Scale)
	if bid.Mantissa, err = b.Rescale(scale); err != nil {
		return 0, r.fieldError(bidField, err)
	}
	if ask.Mantissa, err = a.Rescale(scale); err != nil {
		return 0, r.fieldError(askField, err)
	}
	return scale, nil
}

// optional reads a decimal that may be absent: its column is empty, or the file has none.
func (r *Reader) optional(f Field, a *tick.Amount) (tick.Decimal, error) {
	if len(r.text(f)) == 0 {
		return tick.Decimal{}, nil
	}
	d, err := r.decimal(f)
	*a = tick.Some(d.Mantissa)
	return d, err
}

func (r *Reader) decimal(f Field) (tick.Decimal, error) {
	text := r.text(f)
	if len(text) == 0 {
		return tick.Decimal{}, r.fieldError(f, errMissing)
	}
	d, err := parseDecimal(text)
	if err != nil {
		return tick.Decimal{}, r.fieldError(f, err)
	}
	return d, nil
}

func (r *Reader) time(f Field) (tick.Time, error) {
	t, err := parseTime(r.text(f), r.binding.unit[f])
	if err != nil {
		return 0, r.fieldError(f, err)
	}
	return t, nil
}

// text returns the bytes of a field, none if the file has no such column.
func (r *Reader) text(f Field) []byte {
	index := r.binding.index[f]
	if index == absentColumn {
		return nil
	}
	return r.splitter.fields[index]
}

// maxFieldEcho is how much of a bad value is shown.
const maxFieldEcho = 40

func (r *Reader) fieldError(f Field, reason error) error {
	return fmt.Errorf("%s %q: %w", f, tick.Printable(string(r.text(f)), maxFieldEcho), reason)
}
