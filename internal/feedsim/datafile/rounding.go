package datafile

import (
	"errors"
	"math"
	"strconv"

	"tickgate/pkg/tick"
)

var errNumber = errors.New("not a number")

// RoundText reads a number that may have been a double once, and rounds it to so many digits: 0.031035000000000004 and 1e-05 become what they
// stood for. It returns scratch, grown.
func RoundText(text string, digits uint8, scratch []byte) (tick.Decimal, []byte, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return tick.Decimal{}, scratch, errNumber
	}
	return RoundDouble(v, digits, scratch)
}

// mostScaled is up to where the product of a double and a power of ten is off by less than halfMargin: half a unit of its last of 53 digits.
const (
	mostScaled = 1 << 43
	halfMargin = 1.0 / (1 << 10)
)

// roundedMantissa rounds without going through text. It leaves what is so near to the middle between two numbers that the error of the product might decide, and what is too large.
func roundedMantissa(v float64, digits uint8) (mantissa int64, ok bool) {
	scaled := v * pow10[digits]
	nearest := math.RoundToEven(scaled)
	if math.Abs(scaled) > mostScaled || math.Abs(scaled-nearest) > 0.5-halfMargin {
		return 0, false
	}
	return int64(nearest), true
}

// pow10 holds powers of ten, which doubles hold exactly.
var pow10 = [tick.MaxScale + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// RoundDouble returns the decimal of so many digits that is nearest to v. It returns scratch, grown.
func RoundDouble(v float64, digits uint8, scratch []byte) (tick.Decimal, []byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return tick.Decimal{}, scratch, errNumber
	}
	if mantissa, ok := roundedMantissa(v, digits); ok {
		return tick.Decimal{Mantissa: mantissa, Scale: digits}, scratch, nil
	}
	scratch = strconv.AppendFloat(scratch[:0], v, 'f', int(digits), 64)
	d, err := tick.ParseDecimal(string(scratch))
	return d, scratch, err
}

// SameScale brings the two sides of a quote to the greater of their scales, and returns it.
func SameScale(bid, ask *tick.Decimal) (scale uint8, err error) {
	scale = max(bid.Scale, ask.Scale)
	for _, d := range [...]*tick.Decimal{bid, ask} {
		if d.Scale == scale {
			continue
		}
		if d.Mantissa, err = d.Rescale(scale); err != nil {
			return 0, err
		}
		d.Scale = scale
	}
	return scale, nil
}
