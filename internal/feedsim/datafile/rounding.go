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

// RoundDouble returns the decimal of so many digits that is nearest to v. It returns scratch, grown.
func RoundDouble(v float64, digits uint8, scratch []byte) (tick.Decimal, []byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return tick.Decimal{}, scratch, errNumber
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
