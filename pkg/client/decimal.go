package client

import (
	"math"

	"tickgate/pkg/tick"
)

// Decimal is an exact number, or none. The zero value is none.
type Decimal struct {
	Mantissa int64
	Scale    uint8 // digits after the point: the value is Mantissa / 10^Scale
	Valid    bool  // false: there is none, which is not zero
}

// String returns the number with all digits that the venue gives, or "" if there is none.
func (d Decimal) String() string {
	if !d.Valid {
		return ""
	}
	return tick.Decimal{Mantissa: d.Mantissa, Scale: d.Scale}.String()
}

// Float64 returns the nearest floating point number, NaN if there is none. It is not exact: for plots, not for orders.
func (d Decimal) Float64() float64 {
	if !d.Valid {
		return math.NaN()
	}
	return float64(d.Mantissa) / math.Pow10(int(d.Scale))
}

// minus returns a difference of two numbers of the same scale, none if one of them is none.
func (d Decimal) minus(other Decimal) Decimal {
	if !d.Valid || !other.Valid || d.Scale != other.Scale {
		return Decimal{}
	}
	return Decimal{Mantissa: d.Mantissa - other.Mantissa, Scale: d.Scale, Valid: true}
}

// rescaled brings the number to another scale; digits that do not fit there are lost, which a feed does not do.
func (d Decimal) rescaled(scale uint8) Decimal {
	if mantissa, err := (tick.Decimal{Mantissa: d.Mantissa, Scale: d.Scale}).Rescale(scale); err == nil {
		d.Mantissa, d.Scale = mantissa, scale
	}
	return d
}
