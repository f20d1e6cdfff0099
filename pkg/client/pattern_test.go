package client

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, symbol string
		want            bool
	}{
		{"*", "BTC/USD", true},
		{"*", "", true},
		{"BTC*", "BTC/USD", true}, // a slash is a character as any other
		{"*USD", "BTC/USD", true},
		{"*C/U*", "BTC/USD", true},
		{"BTC?USD", "BTC/USD", true},
		{"BTC?USD", "BTCUSD", false},
		{"BTC", "BTC/USD", false},
		{"*.BINANCE_*", "BTCUSDT.BINANCE_SPOT", true},
		{"*A*B*C", "xAyAzByBC", true},
		{"*A*B*C", "xAyCzB", false},
		{"[A-C]TC", "BTC", true},
		{"[A-C]TC", "DTC", false},
		{"[^A-C]TC", "DTC", true},
		{"[AX-]TC", "-TC", true},
		{`A\*`, "A*", true},
		{`A\*`, "AB", false},
		{`AAPL  25*`, "AAPL  250117C00150000", true},
	} {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if got := p.matches(tt.symbol); got != tt.want {
			t.Errorf("%q stands for %q: %v, want %v", tt.pattern, tt.symbol, got, tt.want)
		}
		if tt.want && !strings.HasPrefix(tt.symbol, literalPrefix(tt.pattern)) {
			t.Errorf("%q: the gateway would look for %q, and not find %q", tt.pattern, literalPrefix(tt.pattern), tt.symbol)
		}
	}
	for _, pattern := range []string{"[", "A[", "A[]", "[A", `A\`} {
		if _, err := parsePattern(pattern); !errors.Is(err, ErrPattern) || !strings.Contains(err.Error(), "pattern") {
			t.Errorf("%q: %v, want an error", pattern, err)
		}
	}
}

// TestPatternsTakeNoTime: one that almost stands for a symbol in very many ways is still quick.
func TestPatternsTakeNoTime(t *testing.T) {
	p, err := parsePattern(strings.Repeat("*A", 30) + "B")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if p.matches(strings.Repeat("A", 64)) {
		t.Error("it has no B")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}
