package parquetfile

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"tickgate/pkg/tick"
)

var errDecimal = errors.New("does not fit 18 digits, or has more than its scale says")

// decimalBytes is the width of a DECIMAL(38, 18): every int64 mantissa at every scale fits.
const decimalBytes = 16

var pow10 = [tick.MaxScale + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// putDecimal writes mantissa / 10^scale at scale 18, big-endian two's complement.
func putDecimal(dst *[decimalBytes]byte, mantissa int64, scale uint8) {
	magnitude := uint64(mantissa)
	if mantissa < 0 {
		magnitude = -magnitude
	}
	hi, lo := bits.Mul64(magnitude, pow10[tick.MaxScale-scale])
	if mantissa < 0 {
		hi, lo = negate(hi, lo)
	}
	binary.BigEndian.PutUint64(dst[:8], hi)
	binary.BigEndian.PutUint64(dst[8:], lo)
}

// decimalOf reads a big-endian two's complement number of up to 16 bytes at a scale, and brings it to another; it returns an error if digits would be lost.
func decimalOf(b []byte, from, to uint8) (tick.Decimal, error) {
	negative, hi, lo, ok := magnitudeOf(b)
	if !ok {
		return tick.Decimal{}, errDecimal
	}
	if to < from {
		var remainder uint64
		if hi, lo, remainder = divide(hi, lo, pow10[from-to]); remainder != 0 {
			return tick.Decimal{}, errDecimal
		}
		from = to
	}
	if hi != 0 || lo > math.MaxInt64 {
		return tick.Decimal{}, errDecimal
	}
	d := tick.Decimal{Mantissa: int64(lo), Scale: from}
	if negative {
		d.Mantissa = -d.Mantissa
	}
	return d, nil
}

// shortestOf reads a number at a scale, and leaves out the zeros at its end: the digits that somebody wrote are not known.
func shortestOf(b []byte, scale uint8) (tick.Decimal, error) {
	negative, hi, lo, ok := magnitudeOf(b)
	if !ok {
		return tick.Decimal{}, errDecimal
	}
	for scale > 0 {
		quotientHi, quotientLo, remainder := divide(hi, lo, 10)
		if remainder != 0 {
			break
		}
		hi, lo = quotientHi, quotientLo
		scale--
	}
	if hi != 0 || lo > math.MaxInt64 {
		return tick.Decimal{}, errDecimal
	}
	d := tick.Decimal{Mantissa: int64(lo), Scale: scale}
	if negative {
		d.Mantissa = -d.Mantissa
	}
	return d, nil
}

func magnitudeOf(b []byte) (negative bool, hi, lo uint64, ok bool) {
	if len(b) == 0 || len(b) > decimalBytes {
		return false, 0, 0, false
	}
	negative = b[0]&0x80 != 0
	if negative {
		hi, lo = math.MaxUint64, math.MaxUint64
	}
	for _, c := range b {
		hi = hi<<8 | lo>>56
		lo = lo<<8 | uint64(c)
	}
	if negative {
		hi, lo = negate(hi, lo)
	}
	return negative, hi, lo, true
}

func negate(hi, lo uint64) (uint64, uint64) {
	low, borrow := bits.Sub64(0, lo, 0)
	high, _ := bits.Sub64(0, hi, borrow)
	return high, low
}

func divide(hi, lo, divisor uint64) (quotientHi, quotientLo, remainder uint64) {
	quotientHi, remainder = hi/divisor, hi%divisor
	quotientLo, remainder = bits.Div64(remainder, lo, divisor)
	return quotientHi, quotientLo, remainder
}
