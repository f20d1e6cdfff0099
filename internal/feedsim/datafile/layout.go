package datafile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tickgate/pkg/tick"
)

// ErrLayout says that a mapping of columns cannot be used.
var ErrLayout = errors.New("datafile: mapping")

// Field is something that a column may hold.
type Field uint8

// The fields. A layout has FieldTsRecv, and the fields of a quote, a trade or a status.
const (
	FieldTsRecv Field = iota
	FieldTsEvent
	FieldBidPrice
	FieldBidSize
	FieldAskPrice
	FieldAskSize
	FieldPrice
	FieldSize
	FieldAggressor
	FieldStatus
	FieldSequence
	FieldEpoch
	FieldPriceScale // how many digits the prices of the row have, where their column has room for more
	FieldSizeScale
	fieldCount
)

var fieldNames = [fieldCount]string{
	"ts_recv", "ts_event", "bid_price", "bid_size", "ask_price", "ask_size", "price", "size", "aggressor", "status", "sequence", "epoch",
	"price_scale", "size_scale",
}

// String returns the name of the field in a mapping.
func (f Field) String() string { return fieldNames[f] }

// IsTime reports whether the field is a time.
func (f Field) IsTime() bool { return f == FieldTsRecv || f == FieldTsEvent }

// IsDecimal reports whether the field is a price or a size.
func (f Field) IsDecimal() bool { return f >= FieldBidPrice && f <= FieldSize }

// Column is the source of a field.
type Column struct {
	Name     string // empty: the file does not have the field
	Unit     Unit   // of times
	Rounded  bool   // a decimal is rounded to Digits; else it is exact
	Digits   uint8
	Optional bool // a file may lack it
}

// Layout says which column holds which field.
type Layout struct {
	Name    string // in messages
	Symbol  string // template, unless another is asked for
	Columns [fieldCount]Column
}

// listingTemplate makes the symbol of a listing where symbol and venue are columns.
const listingTemplate = "{symbol}.{venue}"

// Presets returns the layouts with a name of their own: what is recorded, and the two files of the sample.
func Presets() []Layout {
	return []Layout{RecordedQuotes(), RecordedTrades(), RecordedStatuses(), sampleQuotes(), sampleTrades()}
}

func sampleQuotes() Layout {
	quotes := Layout{Name: "binance-quotes", Symbol: listingTemplate}
	quotes.Columns[FieldTsRecv] = Column{Name: "recv_ts_ns", Unit: Nanoseconds}
	quotes.Columns[FieldTsEvent] = Column{Name: "exch_ts_ms", Unit: Milliseconds}
	quotes.Columns[FieldBidPrice].Name = "bid_px"
	quotes.Columns[FieldBidSize].Name = "bid_sz"
	quotes.Columns[FieldAskPrice].Name = "ask_px"
	quotes.Columns[FieldAskSize].Name = "ask_sz"
	return quotes
}

func sampleTrades() Layout {
	trades := Layout{Name: "binance-trades", Symbol: listingTemplate}
	trades.Columns[FieldTsRecv] = Column{Name: "recv_ts_ns", Unit: Nanoseconds}
	trades.Columns[FieldTsEvent] = Column{Name: "exch_ts_ms", Unit: Milliseconds}
	trades.Columns[FieldPrice].Name = "price"
	trades.Columns[FieldSize].Name = "size"
	trades.Columns[FieldAggressor].Name = "aggressor"
	return trades
}

// PresetNames returns the names of Presets.
func PresetNames() []string {
	var names []string
	for _, l := range Presets() {
		names = append(names, l.Name)
	}
	return names
}

// Preset returns the preset of that name.
func Preset(name string) (Layout, error) {
	for _, l := range Presets() {
		if l.Name == name {
			return l, nil
		}
	}
	return Layout{}, fmt.Errorf("%w: there is no preset %q, there are %s", ErrLayout, name, strings.Join(PresetNames(), ", "))
}

// ParseLayout reads "ts_recv=time:us,bid_price=bid:8,…": field=column, for times the unit (ns, us, ms, s, date; ns unless given), for prices and sizes
// the digits to which they are rounded (exact unless given).
func ParseLayout(text string) (Layout, error) {
	l := Layout{Name: "mapping", Symbol: listingTemplate}
	for _, pair := range strings.Split(text, ",") {
		name, column, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || column == "" {
			return Layout{}, fmt.Errorf("%w: %q is not field=column", ErrLayout, pair)
		}
		field, ok := parseField(name)
		if !ok {
			return Layout{}, fmt.Errorf("%w: there is no field %q, there are %s", ErrLayout, name, strings.Join(fieldNames[:], ", "))
		}
		if l.Columns[field].Name != "" {
			return Layout{}, fmt.Errorf("%w: %s is mapped twice", ErrLayout, field)
		}
		l.Columns[field] = parseColumn(field, column)
	}
	return l, l.Validate()
}

func parseField(name string) (Field, bool) {
	for f := range fieldCount {
		if fieldNames[f] == name {
			return f, true
		}
	}
	return 0, false
}

// parseColumn takes a unit or digits off the end; a colon before anything else belongs to the name.
func parseColumn(f Field, text string) Column {
	if f.IsTime() {
		for _, u := range units {
			if name, ok := strings.CutSuffix(text, ":"+u.name); ok {
				return Column{Name: name, Unit: u.unit}
			}
		}
		return Column{Name: text, Unit: Nanoseconds}
	}
	if colon := strings.LastIndexByte(text, ':'); colon > 0 && f.IsDecimal() {
		if digits, err := strconv.ParseUint(text[colon+1:], 10, 8); err == nil && digits <= tick.MaxScale {
			return Column{Name: text[:colon], Rounded: true, Digits: uint8(digits)}
		}
	}
	return Column{Name: text}
}

// Has reports whether the layout has a field.
func (l Layout) Has(f Field) bool { return l.Columns[f].Name != "" }

// Validate checks that the layout describes quotes, trades or statuses.
func (l Layout) Validate() error {
	quote := l.Has(FieldBidPrice) || l.Has(FieldBidSize) || l.Has(FieldAskPrice) || l.Has(FieldAskSize)
	trade := l.Has(FieldPrice) || l.Has(FieldSize) || l.Has(FieldAggressor)
	status := l.Has(FieldStatus)
	switch {
	case !l.Has(FieldTsRecv):
		return fmt.Errorf("%w: ts_recv is needed: it is the time by which rows are played", ErrLayout)
	case quote && trade || status && (quote || trade):
		return fmt.Errorf("%w: a file holds quotes (bid_…, ask_…), trades (price, size, aggressor) or statuses, not both", ErrLayout)
	case quote && !l.Has(FieldBidPrice) && !l.Has(FieldAskPrice):
		return fmt.Errorf("%w: quotes need bid_price, ask_price or both", ErrLayout)
	case !quote && !status && (!l.Has(FieldPrice) || !l.Has(FieldSize)):
		return fmt.Errorf("%w: quotes need bid_price and ask_price, trades need price and size", ErrLayout)
	}
	return nil
}

// Kind returns the kind of the events.
func (l Layout) Kind() tick.Kind {
	switch {
	case l.Has(FieldPrice):
		return tick.KindTrade
	case l.Has(FieldStatus):
		return tick.KindStatus
	}
	return tick.KindQuote
}
