package tick_test

import (
	"errors"
	"strings"
	"testing"

	"tickgate/pkg/tick"
)

func TestValidateSymbol(t *testing.T) {
	tests := []struct {
		name   string
		symbol string
		broken string // part of the message; empty for a legal symbol
	}{
		{"one byte", "A", ""},
		{"share class", "BRK.B", ""},
		{"pair", "BTC/USD", ""},
		{"inner spaces", "AAPL  250117C00150000", ""},
		{"venue listing", "BTCUSDT.BINANCE_SPOT", ""},
		{"bus wildcard of many tokens", ">", ""},
		{"bus wildcard of one token", "*", ""},
		{"bus wildcard in a token", "A.*", ""},
		{"bus management subject", "$JS.API.>", ""},
		{"first and last printable byte", "!~", ""},
		{"64 bytes", strings.Repeat("A", 64), ""},

		{"empty", "", "empty"},
		{"65 bytes", strings.Repeat("A", 65), "65 bytes, at most 64"},
		{"leading space", " A", "space"},
		{"trailing space", "A ", "space"},
		{"only a space", " ", "space"},
		{"CR LF and a bus command", "A\r\nPUB x 1", "byte 2 is 0x0d"},
		{"NUL", "\x00", "byte 1 is 0x00"},
		{"tab", "A\tB", "byte 2 is 0x09"},
		{"escape code", "A\x1b[31m", "byte 2 is 0x1b"},
		{"DEL", "A\x7f", "byte 2 is 0x7f"},
		{"byte above ASCII", "A\x80", "byte 2 is 0x80"},
		{"full-width letter", "\uff21", "byte 1 is 0xef"},
		{"zero-width space", "A\u200bB", "byte 2 is 0xe2"},
		{"no-break space at the end", "A\u00a0", "byte 2 is 0xc2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := tick.ValidateSymbol(test.symbol)
			if test.broken == "" {
				if err != nil {
					t.Fatalf("ValidateSymbol(%q) = %v, want nil", test.symbol, err)
				}
				return
			}
			if !errors.Is(err, tick.ErrInvalidSymbol) || !strings.Contains(err.Error(), test.broken) {
				t.Fatalf("ValidateSymbol(%q) = %v, want ErrInvalidSymbol with %q", test.symbol, err, test.broken)
			}
		})
	}
}

// The error goes to clients and logs, so it must not carry the bytes it complains of.
func TestValidateSymbolErrorIsPrintable(t *testing.T) {
	for c := range 256 {
		symbol := "A" + string([]byte{byte(c)}) + "B"
		if err := tick.ValidateSymbol(symbol); err != nil && tick.Printable(err.Error(), 1000) != err.Error() {
			t.Errorf("the error of %q is not printable: %q", symbol, err)
		}
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"", 10, ""},
		{"AAPL 1", 10, "AAPL 1"},
		{"A\r\n\x00\x1b\x7f", 10, `A\x0d\x0a\x00\x1b\x7f`},
		{"\u200b", 10, `\xe2\x80\x8b`},
		{"ABCDEF", 3, "ABC"},
		{"A\u200b", 2, `A\xe2`},
		{"A", 0, ""},
	}
	for _, test := range tests {
		if got := tick.Printable(test.in, test.limit); got != test.want {
			t.Errorf("Printable(%q, %d) = %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}
