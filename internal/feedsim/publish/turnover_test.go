package publish

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestInt128 compares the sum and its rounding with arbitrary precision.
func TestInt128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n int128
		exact := new(big.Int)
		for range rapid.IntRange(0, 8).Draw(t, "products") {
			a, b := rapid.Int64().Draw(t, "price"), rapid.Int64().Draw(t, "size")
			sum := new(big.Int).Add(exact, new(big.Int).Mul(big.NewInt(a), big.NewInt(b)))
			if ok := n.addProduct(a, b); ok != fitsInt128(sum) {
				t.Fatalf("adding %d x %d to %s: %v", a, b, exact, ok)
			} else if ok {
				exact = sum
			}
		}
		up := rapid.Uint8Range(0, 36).Draw(t, "digits up")
		scaled := new(big.Int).Mul(exact, power(up))
		if grown := n; grown.scaleUp(up) != fitsInt128(scaled) {
			t.Fatalf("%s x 10^%d: %v", exact, up, !fitsInt128(scaled))
		} else if fitsInt128(scaled) {
			n, exact = grown, scaled
		}
		digits := rapid.Uint8Range(0, 36).Draw(t, "digits down")
		want := halfEven(exact, power(digits))
		got, ok := n.roundDown(digits)
		if fits := new(big.Int).Abs(want).Cmp(big.NewInt(math.MaxInt64)) <= 0; ok != fits {
			t.Fatalf("%s / 10^%d: %v", exact, digits, ok)
		}
		if ok && got != want.Int64() {
			t.Fatalf("%s / 10^%d = %d, want %s", exact, digits, got, want)
		}
	})
}

func TestTiesGoToEven(t *testing.T) {
	for _, c := range []struct{ sum, want int64 }{{5, 0}, {15, 2}, {25, 2}, {-5, 0}, {-15, -2}, {-25, -2}, {26, 3}, {24, 2}} {
		var n int128
		n.addProduct(c.sum, 1)
		if got, ok := n.roundDown(1); got != c.want || !ok {
			t.Errorf("%d / 10 = %d, want %d", c.sum, got, c.want)
		}
	}
}

// fitsInt128 leaves out -2^127, which addProduct may reach and scaleUp does not.
func fitsInt128(v *big.Int) bool { return v.BitLen() < 128 }

func power(digits uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

func halfEven(v, divisor *big.Int) *big.Int {
	quotient, remainder := new(big.Int).QuoRem(new(big.Int).Abs(v), divisor, new(big.Int))
	twice := remainder.Lsh(remainder, 1).Cmp(divisor)
	if twice > 0 || twice == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	if v.Sign() < 0 {
		quotient.Neg(quotient)
	}
	return quotient
}
