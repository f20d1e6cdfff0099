package tick

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// MaxScale is the greatest number of decimal digits after the point.
const MaxScale = 18

// Errors of decimals: the input is refused, and the caller says where it stands.
var (
	// ErrInvalidDecimal says that a text is not a plain decimal such as -12.340.
	ErrInvalidDecimal = errors.New("tick: not a decimal number")
	// ErrDecimalRange says that a value does not fit an int64 mantissa at its scale, or that a scale is not 0 to MaxScale.
	ErrDecimalRange = errors.New("tick: decimal out of range")
)

var pow10 = [MaxScale + 1]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// Decimal is an exact number: Mantissa / 10^Scale.
type Decimal struct {
	Mantissa int64
	Scale    uint8
}

// ParseDecimal reads digits with an optional sign and point; trailing zeros count towards the scale, so that String gives the same digits
// back (but not a plus sign, leading zeros, or the sign of zero). No exponent, no spaces.
func ParseDecimal(s string) (Decimal, error) {
	digits, negative := s, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	var mantissa uint64
	scale, seen, point := 0, 0, false
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return Decimal{}, fmt.Errorf("%w: %q", ErrInvalidDecimal, Printable(s, MaxSymbolBytes))
		}
		if mantissa > (math.MaxInt64-uint64(c-'0'))/10 {
			return Decimal{}, fmt.Errorf("%w: %q", ErrDecimalRange, Printable(s, MaxSymbolBytes))
		}
		mantissa = mantissa*10 + uint64(c-'0')
		seen++
		if point {
			scale++
		}
	}
	if seen == 0 {
		return Decimal{}, fmt.Errorf("%w: %q", ErrInvalidDecimal, Printable(s, MaxSymbolBytes))
	}
	if scale > MaxScale {
		return Decimal{}, fmt.Errorf("%w: %q has %d decimal digits, at most %d are allowed", ErrDecimalRange, Printable(s, MaxSymbolBytes), scale, MaxScale)
	}
	d := Decimal{Mantissa: int64(mantissa), Scale: uint8(scale)}
	if negative {
		d.Mantissa = -d.Mantissa
	}
	return d, nil
}

// Rescale returns the mantissa of d at another scale. It fails with ErrDecimalRange where digits would be lost, the mantissa overflows,
// or one of the scales is above MaxScale.
func (d Decimal) Rescale(scale uint8) (int64, error) {
	if greater := max(d.Scale, scale); greater > MaxScale {
		return 0, fmt.Errorf("%w: scale %d, at most %d", ErrDecimalRange, greater, MaxScale)
	}
	if scale < d.Scale {
		factor := pow10[d.Scale-scale]
		if d.Mantissa%factor != 0 {
			return 0, fmt.Errorf("%w: %s at scale %d loses digits", ErrDecimalRange, d, scale)
		}
		return d.Mantissa / factor, nil
	}
	factor := pow10[scale-d.Scale]
	if d.Mantissa > math.MaxInt64/factor || d.Mantissa < math.MinInt64/factor {
		return 0, fmt.Errorf("%w: %s at scale %d", ErrDecimalRange, d, scale)
	}
	return d.Mantissa * factor, nil
}

// String writes d with exactly Scale digits after the point.
func (d Decimal) String() string { return string(d.Append(nil)) }

// Append appends String to dst.
func (d Decimal) Append(dst []byte) []byte {
	magnitude := uint64(d.Mantissa)
	if d.Mantissa < 0 {
		dst = append(dst, '-')
		magnitude = -magnitude
	}
	scale := int(d.Scale)
	if scale == 0 {
		return strconv.AppendUint(dst, magnitude, 10)
	}
	var buf [20]byte // digits of the greatest uint64
	digits := strconv.AppendUint(buf[:0], magnitude, 10)
	whole := len(digits) - scale
	if whole <= 0 {
		dst = append(dst, "0."...)
		for range -whole {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:whole]...)
	dst = append(dst, '.')
	return append(dst, digits[whole:]...)
}
