package tick_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tickgate/pkg/tick"
)

func TestParseDecimal(t *testing.T) {
	tests := []struct {
		in   string
		want tick.Decimal
		text string // String of the result
	}{
		{"0", tick.Decimal{}, "0"},
		{"0.00", tick.Decimal{Scale: 2}, "0.00"},
		{"2683.80000000", tick.Decimal{Mantissa: 268380000000, Scale: 8}, "2683.80000000"},
		{"-12.340", tick.Decimal{Mantissa: -12340, Scale: 3}, "-12.340"},
		{"-0.05", tick.Decimal{Mantissa: -5, Scale: 2}, "-0.05"},
		{"0.000000000000000001", tick.Decimal{Mantissa: 1, Scale: 18}, "0.000000000000000001"},
		{"9223372036854775807", tick.Decimal{Mantissa: math.MaxInt64}, "9223372036854775807"},
		{"-9.223372036854775807", tick.Decimal{Mantissa: -math.MaxInt64, Scale: 18}, "-9.223372036854775807"},
		{"+5", tick.Decimal{Mantissa: 5}, "5"},
		{"007", tick.Decimal{Mantissa: 7}, "7"},
		{".5", tick.Decimal{Mantissa: 5, Scale: 1}, "0.5"},
		{"5.", tick.Decimal{Mantissa: 5}, "5"},
		{"-0.0", tick.Decimal{Scale: 1}, "0.0"},
	}
	for _, test := range tests {
		got, err := tick.ParseDecimal(test.in)
		if err != nil || got != test.want || got.String() != test.text {
			t.Errorf("ParseDecimal(%q) = %+v (%q), %v, want %+v (%q)", test.in, got, got, err, test.want, test.text)
		}
	}
}

func TestParseDecimalRefuses(t *testing.T) {
	tests := []struct {
		in   string
		want error
	}{
		{"", tick.ErrInvalidDecimal},
		{"-", tick.ErrInvalidDecimal},
		{".", tick.ErrInvalidDecimal},
		{"+-1", tick.ErrInvalidDecimal},
		{"1.2.3", tick.ErrInvalidDecimal},
		{"1e5", tick.ErrInvalidDecimal},
		{"0x1", tick.ErrInvalidDecimal},
		{" 1", tick.ErrInvalidDecimal},
		{"1,5", tick.ErrInvalidDecimal},
		{"NaN", tick.ErrInvalidDecimal},
		{"\uff11", tick.ErrInvalidDecimal},
		{"9223372036854775808", tick.ErrDecimalRange},
		{"99999999999999999999999", tick.ErrDecimalRange},
		{"0.0000000000000000000", tick.ErrDecimalRange}, // 19 digits after the point
	}
	for _, test := range tests {
		if got, err := tick.ParseDecimal(test.in); !errors.Is(err, test.want) {
			t.Errorf("ParseDecimal(%q) = %v, %v, want %v", test.in, got, err, test.want)
		}
	}
}

// Rows of files end up in these errors, and the errors in a terminal.
func TestParseDecimalErrorIsPrintableAndShort(t *testing.T) {
	_, err := tick.ParseDecimal("\x1b[31m" + strings.Repeat("x", 10_000))
	if text := err.Error(); tick.Printable(text, len(text)) != text || len(text) > 500 {
		t.Fatalf("error has %d bytes: %q", len(text), text)
	}
}

func TestRescale(t *testing.T) {
	tests := []struct {
		in    tick.Decimal
		scale uint8
		want  int64
		err   error
	}{
		{tick.Decimal{Mantissa: 12340, Scale: 3}, 3, 12340, nil},
		{tick.Decimal{Mantissa: 12340, Scale: 3}, 5, 1234000, nil},
		{tick.Decimal{Mantissa: 12340, Scale: 3}, 2, 1234, nil},
		{tick.Decimal{Mantissa: 12340, Scale: 3}, 1, 0, tick.ErrDecimalRange},
		{tick.Decimal{Mantissa: 0, Scale: 18}, 0, 0, nil},
		{tick.Decimal{Mantissa: -9, Scale: 0}, 18, -9e18, nil},
		{tick.Decimal{Mantissa: 10, Scale: 0}, 18, 0, tick.ErrDecimalRange},
		{tick.Decimal{Mantissa: -10, Scale: 0}, 18, 0, tick.ErrDecimalRange},
		{tick.Decimal{Mantissa: math.MinInt64, Scale: 4}, 4, math.MinInt64, nil},
		{tick.Decimal{Mantissa: 1, Scale: 0}, 19, 0, tick.ErrDecimalRange},
		{tick.Decimal{Mantissa: 0, Scale: 200}, 2, 0, tick.ErrDecimalRange},
	}
	for _, test := range tests {
		got, err := test.in.Rescale(test.scale)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%+v.Rescale(%d) = %d, %v, want %d, %v", test.in, test.scale, got, err, test.want, test.err)
		}
	}
}

func TestDecimalStringOfMinInt64(t *testing.T) {
	if got := (tick.Decimal{Mantissa: math.MinInt64, Scale: 18}).String(); got != "-9.223372036854775808" {
		t.Fatalf("String = %q", got)
	}
}

var (
	decimalSyntax = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)
	plainDecimal  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	negativeZero  = regexp.MustCompile(`^-[0.]+$`)
)

// FuzzDecimal compares ParseDecimal with math/big and a regular expression, and demands the very digits back.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0", "2683.80000000", "9223372036854775807", "9223372036854775808", ".5", "5.", "1e5", "+", "00.10", "0.0000000000000000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := tick.ParseDecimal(s)
		if !decimalSyntax.MatchString(s) {
			if err == nil {
				t.Fatalf("ParseDecimal(%q) = %v, want an error", s, d)
			}
			return
		}
		if err != nil {
			if !errors.Is(err, tick.ErrDecimalRange) || fitsDecimal(s) {
				t.Fatalf("ParseDecimal(%q) failed with %v", s, err)
			}
			return
		}
		want, _ := new(big.Rat).SetString(s)
		if got, _ := new(big.Rat).SetString(d.String()); got.Cmp(want) != 0 {
			t.Fatalf("ParseDecimal(%q) = %v", s, d)
		}
		if plainDecimal.MatchString(s) && !negativeZero.MatchString(s) && d.String() != s {
			t.Fatalf("ParseDecimal(%q).String() = %q, want the same digits", s, d)
		}
		if again, err := tick.ParseDecimal(d.String()); err != nil || again != d {
			t.Fatalf("ParseDecimal(%q) = %+v, %v, want %+v", d, again, err, d)
		}
	})
}

// fitsDecimal says whether a well-formed decimal is within the stated limits.
func fitsDecimal(s string) bool {
	_, fraction, _ := strings.Cut(s, ".")
	if len(fraction) > tick.MaxScale {
		return false
	}
	digits := strings.NewReplacer("+", "", "-", "", ".", "").Replace(s)
	mantissa, _ := new(big.Int).SetString(digits, 10)
	return mantissa.IsInt64()
}

func TestRescaleIsExactOrFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tick.Decimal{Mantissa: rapid.Int64().Draw(t, "mantissa"), Scale: rapid.Uint8Range(0, tick.MaxScale).Draw(t, "scale")}
		to := rapid.Uint8Range(0, tick.MaxScale).Draw(t, "to")
		// numerator/denominator is the mantissa at the new scale.
		exact := new(big.Rat).SetFrac(
			new(big.Int).Mul(big.NewInt(d.Mantissa), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(to)), nil)),
			new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil))
		fits := exact.IsInt() && exact.Num().IsInt64()
		got, err := d.Rescale(to)
		if fits != (err == nil) {
			t.Fatalf("%+v.Rescale(%d) = %d, %v; exact value %v", d, to, got, err, exact)
		}
		if err == nil && big.NewInt(got).Cmp(exact.Num()) != 0 {
			t.Fatalf("%+v.Rescale(%d) = %d, want %v", d, to, got, exact)
		}
		if err != nil && !errors.Is(err, tick.ErrDecimalRange) {
			t.Fatalf("error %v is not ErrDecimalRange", err)
		}
	})
}

func TestRescaleUpAndDownIsTheIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tick.Decimal{Mantissa: rapid.Int64Range(-1e9, 1e9).Draw(t, "mantissa"), Scale: rapid.Uint8Range(0, 9).Draw(t, "scale")}
		up := rapid.Uint8Range(d.Scale, d.Scale+9).Draw(t, "up")
		finer, err := d.Rescale(up)
		if err != nil {
			t.Fatal(err)
		}
		back, err := tick.Decimal{Mantissa: finer, Scale: up}.Rescale(d.Scale)
		if err != nil || back != d.Mantissa {
			t.Fatalf("%+v at scale %d and back = %d, %v", d, up, back, err)
		}
	})
}
