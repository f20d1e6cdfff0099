package report

import "testing"

func TestNumbersHaveThreeDigits(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {0.00042, "0.0004"}, {0.0345, "0.0345"}, {0.98765, "0.988"}, {1.2345, "1.23"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.96, "100"}, {0.9996, "1.00"}, {55.55, "55.5"}, {123.4, "123"},
		{1234.5, "1,234"}, {1600505, "1,600,505"}, {-1234567, "-1,234,567"}, {-0.5, "-0.500"},
	} {
		if got := Number(c.value); got != c.want {
			t.Errorf("%v is written %q, want %q", c.value, got, c.want)
		}
	}
}
