package csvfile

import (
	"errors"
	"math"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

var (
	errTime     = errors.New("not a whole number of time units since 1970")
	errNegative = errors.New("negative")
	errMissing  = errors.New("empty")
	errCount    = errors.New("not a whole number from 0")
)

// alwaysFits is how many decimal digits any int64 mantissa has room for.
const alwaysFits = 18

// parseDecimal is tick.ParseDecimal for the usual case, without its allocation; the rest is left to it.
func parseDecimal(text []byte) (tick.Decimal, error) {
	var mantissa int64
	digits, point := 0, -1
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + int64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = i
		default:
			return tick.ParseDecimal(string(text))
		}
		if digits > alwaysFits {
			return tick.ParseDecimal(string(text))
		}
	}
	if digits == 0 {
		return tick.ParseDecimal(string(text))
	}
	scale := 0
	if point >= 0 {
		scale = len(text) - point - 1
	}
	return tick.Decimal{Mantissa: mantissa, Scale: uint8(scale)}, nil
}

// parseTime reads a whole number of units since 1970, or a date.
func parseTime(text []byte, unit datafile.Unit) (tick.Time, error) {
	if len(text) == 0 {
		return 0, errMissing
	}
	if unit == datafile.Dates {
		return datafile.ParseDate(string(text))
	}
	var units uint64
	for _, c := range text {
		if c < '0' || c > '9' || units > math.MaxInt64/10 {
			return 0, errTime
		}
		units = units*10 + uint64(c-'0')
	}
	if units > math.MaxInt64 {
		return 0, errTime
	}
	t, err := unit.Time(int64(units))
	if err != nil {
		return 0, errTime
	}
	return t, nil
}

func parseCount(text []byte) (uint64, error) {
	var count uint64
	for _, c := range text {
		if c < '0' || c > '9' || count > (math.MaxUint64-9)/10 {
			return 0, errCount
		}
		count = count*10 + uint64(c-'0')
	}
	return count, nil
}
