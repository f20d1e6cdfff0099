package csvfile

import (
	"errors"
	"fmt"
	"strings"

	"tickgate/pkg/tick"
)

// ErrLayout says that a mapping of columns cannot be used.
var ErrLayout = errors.New("csvfile: mapping")

// Unit of a column of times, in nanoseconds.
type Unit int64

// The units.
const (
	Nanoseconds  Unit = 1
	Microseconds Unit = 1_000
	Milliseconds Unit = 1_000_000
	Seconds      Unit = 1_000_000_000
)

// units in the order of messages.
var units = []struct {
	name string
	unit Unit
}{{"ns", Nanoseconds}, {"us", Microseconds}, {"ms", Milliseconds}, {"s", Seconds}}

// Field is something that a column may hold.
type Field uint8

// The fields. A layout has FieldTsRecv, and either the quote's fields or the trade's.
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
	fieldCount
)

var fieldNames = [fieldCount]string{
	"ts_recv", "ts_event", "bid_price", "bid_size", "ask_price", "ask_size", "price", "size", "aggressor",
}

// String returns the name of the field in a mapping.
func (f Field) String() string { return fieldNames[f] }

func (f Field) isTime() bool { return f == FieldTsRecv || f == FieldTsEvent }

// Column is the source of a field.
type Column struct {
	Name string // empty: the file does not have the field
	Unit Unit   // of times
}

// Layout says which column holds which field.
type Layout struct {
	Name    string // in messages
	Columns [fieldCount]Column
}

// Presets returns the layouts with a name of their own: the two files of the sample.
func Presets() []Layout {
	quotes := Layout{Name: "binance-quotes"}
	quotes.Columns[FieldTsRecv] = Column{"recv_ts_ns", Nanoseconds}
	quotes.Columns[FieldTsEvent] = Column{"exch_ts_ms", Milliseconds}
	quotes.Columns[FieldBidPrice].Name = "bid_px"
	quotes.Columns[FieldBidSize].Name = "bid_sz"
	quotes.Columns[FieldAskPrice].Name = "ask_px"
	quotes.Columns[FieldAskSize].Name = "ask_sz"

	trades := Layout{Name: "binance-trades"}
	trades.Columns[FieldTsRecv] = Column{"recv_ts_ns", Nanoseconds}
	trades.Columns[FieldTsEvent] = Column{"exch_ts_ms", Milliseconds}
	trades.Columns[FieldPrice].Name = "price"
	trades.Columns[FieldSize].Name = "size"
	trades.Columns[FieldAggressor].Name = "aggressor"
	return []Layout{quotes, trades}
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

// ParseLayout reads "ts_recv=time:us,bid_price=bid,…": field=column, and for times the unit (ns, us, ms, s; ns unless given).
func ParseLayout(text string) (Layout, error) {
	l := Layout{Name: "mapping"}
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
		l.Columns[field] = Column{Name: column}
		if field.isTime() {
			l.Columns[field] = parseTimeColumn(column)
		}
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

// parseTimeColumn takes a unit off the end; a colon before anything else belongs to the name.
func parseTimeColumn(text string) Column {
	for _, u := range units {
		if name, ok := strings.CutSuffix(text, ":"+u.name); ok {
			return Column{Name: name, Unit: u.unit}
		}
	}
	return Column{Name: text, Unit: Nanoseconds}
}

// Validate checks that the layout describes quotes or trades.
func (l Layout) Validate() error {
	has := func(f Field) bool { return l.Columns[f].Name != "" }
	quote := has(FieldBidPrice) || has(FieldBidSize) || has(FieldAskPrice) || has(FieldAskSize)
	trade := has(FieldPrice) || has(FieldSize) || has(FieldAggressor)
	switch {
	case !has(FieldTsRecv):
		return fmt.Errorf("%w: ts_recv is needed: it is the time by which rows are played", ErrLayout)
	case quote && trade:
		return fmt.Errorf("%w: a file holds quotes (bid_…, ask_…) or trades (price, size, aggressor), not both", ErrLayout)
	case quote && !has(FieldBidPrice) && !has(FieldAskPrice):
		return fmt.Errorf("%w: quotes need bid_price, ask_price or both", ErrLayout)
	case !quote && (!has(FieldPrice) || !has(FieldSize)):
		return fmt.Errorf("%w: quotes need bid_price and ask_price, trades need price and size", ErrLayout)
	}
	return nil
}

// Kind returns the kind of the events.
func (l Layout) Kind() tick.Kind {
	if l.Columns[FieldPrice].Name != "" {
		return tick.KindTrade
	}
	return tick.KindQuote
}
