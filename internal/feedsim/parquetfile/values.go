package parquetfile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

var (
	errMissing  = errors.New("empty")
	errNumber   = errors.New("not a number")
	errNegative = errors.New("negative")
	errScale    = errors.New("not 0 to 18 digits")
)

// The readers of values. Which one a column needs follows from its type, once per file.
type (
	timeReader    func(parquet.Value) (tick.Time, error)
	decimalReader func(v parquet.Value, scale int) (tick.Decimal, error) // scale: of the row, or noScale
)

// noScale says that the row does not say how many digits it has.
const noScale = -1

// timeReaderOf returns how times are read from a column: by its logical type, else in the unit of the layout; text as dates.
func timeReaderOf(t parquet.Type, unit datafile.Unit) (timeReader, error) {
	if unit == datafile.Dates && t.Kind() != parquet.ByteArray { // a file that has real times needs no parsing
		unit = datafile.Nanoseconds
	}
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			unit = unitOf(l.Unit)
		case *format.DateType:
			return daysReader, nil
		}
	}
	switch t.Kind() {
	case parquet.Int64:
		return func(v parquet.Value) (tick.Time, error) { return unit.Time(v.Int64()) }, nil
	case parquet.Int32:
		return func(v parquet.Value) (tick.Time, error) { return unit.Time(int64(v.Int32())) }, nil
	case parquet.Int96:
		return func(v parquet.Value) (tick.Time, error) { return int96Time(v.Int96()) }, nil
	case parquet.ByteArray:
		return func(v parquet.Value) (tick.Time, error) { return textTime(string(v.ByteArray()), unit) }, nil
	}
	return nil, fmt.Errorf("is %s, which is no time", t)
}

func unitOf(u format.TimeUnit) datafile.Unit {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return datafile.Milliseconds
	case *format.MicroSeconds:
		return datafile.Microseconds
	}
	return datafile.Nanoseconds
}

func daysReader(v parquet.Value) (tick.Time, error) {
	return datafile.Seconds.Time(int64(v.Int32()) * 24 * 60 * 60)
}

// julianEpoch is 1970-01-01 as the days of Int96 count.
const julianEpoch = 2_440_588

// int96Time reads the timestamps of old writers: nanoseconds of the day, and the Julian day.
func int96Time(v deprecated.Int96) (tick.Time, error) {
	days := int64(v[2]) - julianEpoch
	nanoseconds := int64(uint64(v[1])<<32 | uint64(v[0]))
	if days < 0 || days > math.MaxInt64/int64(24*time.Hour)-1 || nanoseconds < 0 {
		return 0, errNumber
	}
	return tick.Time(days*int64(24*time.Hour) + nanoseconds), nil
}

// textTime reads a date, or digits in the unit of the layout.
func textTime(text string, unit datafile.Unit) (tick.Time, error) {
	if unit != datafile.Dates {
		if count, err := strconv.ParseInt(text, 10, 64); err == nil {
			return unit.Time(count)
		}
	}
	return datafile.ParseDate(text)
}

// decimalReaderOf returns how prices and sizes are read from a column.
func decimalReaderOf(t parquet.Type, c datafile.Column) (decimalReader, error) {
	exact, err := exactReaderOf(t)
	if err != nil {
		return nil, err
	}
	if exact != nil {
		return roundedTo(exact, c), nil
	}
	double := func(v parquet.Value) float64 { return v.Double() }
	if t.Kind() == parquet.Float {
		double = func(v parquet.Value) float64 { return float64(v.Float()) }
	}
	if !c.Rounded {
		return nil, fmt.Errorf("holds doubles: say to how many digits they are rounded, such as %s:8", c.Name)
	}
	var scratch []byte
	return func(v parquet.Value, _ int) (d tick.Decimal, err error) {
		d, scratch, err = datafile.RoundDouble(double(v), c.Digits, scratch)
		return d, err
	}, nil
}

// exactReaderOf returns nil for doubles.
func exactReaderOf(t parquet.Type) (decimalReader, error) {
	scale, isDecimal := decimalScale(t)
	if isDecimal && (scale < 0 || scale > tick.MaxScale) {
		return nil, fmt.Errorf("is %s: at most %d digits after the point can be read", t, tick.MaxScale)
	}
	switch t.Kind() {
	case parquet.Int32:
		return integerReader(func(v parquet.Value) int64 { return int64(v.Int32()) }, uint8(scale)), nil
	case parquet.Int64:
		return integerReader(parquet.Value.Int64, uint8(scale)), nil
	case parquet.Double, parquet.Float:
		return nil, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		if isDecimal {
			return wideReader(uint8(scale)), nil
		}
		return textReader, nil
	}
	return nil, fmt.Errorf("is %s, which is no number", t)
}

func decimalScale(t parquet.Type) (scale int32, ok bool) {
	logical := t.LogicalType()
	if logical == nil {
		return 0, false
	}
	d, ok := logical.Value.(*format.DecimalType)
	if !ok {
		return 0, false
	}
	return d.Scale, true
}

func integerReader(integer func(parquet.Value) int64, scale uint8) decimalReader {
	return func(v parquet.Value, rowScale int) (tick.Decimal, error) {
		return rescaled(tick.Decimal{Mantissa: integer(v), Scale: scale}, rowScale)
	}
}

func wideReader(scale uint8) decimalReader {
	return func(v parquet.Value, rowScale int) (tick.Decimal, error) {
		if rowScale == noScale {
			return shortestOf(v.ByteArray(), scale)
		}
		return decimalOf(v.ByteArray(), scale, uint8(rowScale))
	}
}

func textReader(v parquet.Value, rowScale int) (tick.Decimal, error) {
	d, err := tick.ParseDecimal(string(v.ByteArray()))
	if err != nil {
		return d, err
	}
	return rescaled(d, rowScale)
}

func rescaled(d tick.Decimal, scale int) (tick.Decimal, error) {
	if scale == noScale || uint8(scale) == d.Scale {
		return d, nil
	}
	mantissa, err := d.Rescale(uint8(scale))
	return tick.Decimal{Mantissa: mantissa, Scale: uint8(scale)}, err
}

// roundedTo gives exact numbers the digits of the layout, if it has any.
func roundedTo(read decimalReader, c datafile.Column) decimalReader {
	if !c.Rounded {
		return read
	}
	return func(v parquet.Value, _ int) (tick.Decimal, error) {
		d, err := read(v, noScale)
		if err != nil {
			return d, err
		}
		return rescaled(d, int(c.Digits))
	}
}

// integerOf reads a count.
func integerOf(v parquet.Value) (int64, error) {
	switch v.Kind() {
	case parquet.Int32:
		return int64(v.Int32()), nil
	case parquet.Int64:
		return v.Int64(), nil
	}
	return 0, errNumber
}

// appendText appends what a column of a symbol holds.
func appendText(dst []byte, v parquet.Value) []byte {
	if v.IsNull() {
		return dst
	}
	switch v.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return append(dst, v.ByteArray()...)
	case parquet.Int32:
		return strconv.AppendInt(dst, int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.AppendInt(dst, v.Int64(), 10)
	}
	return append(dst, v.String()...)
}

// isNaN reports whether a value is what pandas writes for nothing.
func isNaN(v parquet.Value) bool {
	switch v.Kind() {
	case parquet.Double:
		return math.IsNaN(v.Double())
	case parquet.Float:
		return math.IsNaN(float64(v.Float()))
	}
	return false
}
