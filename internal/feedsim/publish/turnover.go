package publish

import (
	"math"
	"math/bits"
)

// pow10 holds the powers of ten that an int64 holds.
var pow10 = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

const greatestPower = uint8(len(pow10) - 1)

// int128 is a signed sum of products, kept exactly until it is rounded for an event. It is two's complement.
type int128 struct{ hi, lo uint64 }

// addProduct adds a x b; false if the sum does not fit, and it is unchanged then.
func (n *int128) addProduct(a, b int64) bool {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b)) // below 2^126
	if (a < 0) != (b < 0) {
		hi, lo = negate(hi, lo)
	}
	sumLo, carry := bits.Add64(n.lo, lo, 0)
	sumHi, _ := bits.Add64(n.hi, hi, carry)
	if sameSign := (n.hi^hi)>>63 == 0; sameSign && (sumHi^hi)>>63 == 1 {
		return false
	}
	n.hi, n.lo = sumHi, sumLo
	return true
}

// scaleUp multiplies by 10^digits; false if that does not fit, and n is of no use then.
func (n *int128) scaleUp(digits uint8) bool {
	negative, hi, lo := n.split()
	for digits > 0 {
		step := min(digits, greatestPower)
		digits -= step
		carry, low := bits.Mul64(lo, pow10[step])
		over, high := bits.Mul64(hi, pow10[step])
		sum, more := bits.Add64(high, carry, 0)
		if over != 0 || more != 0 || sum>>63 == 1 {
			return false
		}
		hi, lo = sum, low
	}
	n.join(negative, hi, lo)
	return true
}

// roundDown returns n / 10^digits rounded half to even; false if that does not fit int64. At most 36 digits.
func (n *int128) roundDown(digits uint8) (int64, bool) {
	negative, hi, lo := n.split()
	if digits > 0 {
		hi, lo = divideHalfEven(hi, lo, digits)
	}
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(lo), true
	}
	return int64(lo), true
}

// divideHalfEven divides in two steps where 10^digits is more than a word; what the first step leaves only decides a tie.
func divideHalfEven(hi, lo uint64, digits uint8) (uint64, uint64) {
	var sticky uint64
	if digits > greatestPower {
		hi, lo, sticky = divide(hi, lo, pow10[digits-greatestPower])
		digits = greatestPower
	}
	hi, lo, remainder := divide(hi, lo, pow10[digits])
	half := pow10[digits] / 2
	up := remainder > half || remainder == half && (sticky > 0 || lo&1 == 1)
	if up {
		var carry uint64
		lo, carry = bits.Add64(lo, 1, 0)
		hi += carry
	}
	return hi, lo
}

func divide(hi, lo, divisor uint64) (quotientHi, quotientLo, remainder uint64) {
	if hi == 0 {
		return 0, lo / divisor, lo % divisor
	}
	quotientHi, remainder = hi/divisor, hi%divisor
	quotientLo, remainder = bits.Div64(remainder, lo, divisor)
	return quotientHi, quotientLo, remainder
}

func (n *int128) split() (negative bool, hi, lo uint64) {
	if n.hi>>63 == 0 {
		return false, n.hi, n.lo
	}
	hi, lo = negate(n.hi, n.lo)
	return true, hi, lo
}

func (n *int128) join(negative bool, hi, lo uint64) {
	if negative {
		hi, lo = negate(hi, lo)
	}
	n.hi, n.lo = hi, lo
}

func negate(hi, lo uint64) (uint64, uint64) {
	low, borrow := bits.Sub64(0, lo, 0)
	high, _ := bits.Sub64(0, hi, borrow)
	return high, low
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
