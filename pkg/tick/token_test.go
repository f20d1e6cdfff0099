package tick_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"tickgate/pkg/tick"
)

var tokenAlphabet = regexp.MustCompile(`^([0-9A-Za-z_-]|%[0-9A-F]{2})+$`)

func TestToken(t *testing.T) {
	tests := []struct{ symbol, token string }{
		{"AAPL", "AAPL"},
		{"a_B-9", "a_B-9"},
		{"BRK.B", "BRK%2EB"},
		{"BTC/USD", "BTC%2FUSD"},
		{"AAPL  250117C00150000", "AAPL%20%20250117C00150000"},
		{">", "%3E"},
		{"*", "%2A"},
		{"A.*", "A%2E%2A"},
		{"$JS.API.>", "%24JS%2EAPI%2E%3E"},
		{"%", "%25"},
		{"%2E", "%252E"},
	}
	for _, test := range tests {
		if got := tick.Token(test.symbol); got != test.token {
			t.Errorf("Token(%q) = %q, want %q", test.symbol, got, test.token)
		}
		if got, err := tick.ParseToken(test.token); err != nil || got != test.symbol {
			t.Errorf("ParseToken(%q) = %q, %v, want %q", test.token, got, err, test.symbol)
		}
	}
}

func TestAppendTokenKeepsPrefix(t *testing.T) {
	if got := string(tick.AppendToken([]byte("md.quote."), "A.B")); got != "md.quote.A%2EB" {
		t.Fatalf("AppendToken = %q", got)
	}
}

func TestParseTokenRefuses(t *testing.T) {
	tests := []struct{ name, token string }{
		{"empty", ""},
		{"dot", "A.B"},
		{"wildcard", "*"},
		{"control byte", "A\r\n"},
		{"unicode", "\uff21"},
		{"escape cut after the percent sign", "A%"},
		{"escape cut after one digit", "A%2"},
		{"lower-case escape", "BRK%2eB"},
		{"escape without digits", "%G0"},
		{"escape of a byte that needs none", "%41"},
		{"escaped NUL", "A%00B"},
		{"escaped line end", "A%0D%0A"},
		{"escaped byte above ASCII", "%EF%BC%A1"},
		{"escaped leading space", "%20A"},
		{"escaped trailing space", "A%20"},
		{"65 bytes", strings.Repeat("A", 65)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			symbol, err := tick.ParseToken(test.token)
			if !errors.Is(err, tick.ErrInvalidToken) || symbol != "" {
				t.Fatalf("ParseToken(%q) = %q, %v, want ErrInvalidToken", test.token, symbol, err)
			}
		})
	}
}

func TestParseTokenNamesTheSymbolRule(t *testing.T) {
	if _, err := tick.ParseToken("A%20"); !errors.Is(err, tick.ErrInvalidSymbol) {
		t.Fatalf("error = %v, want one that wraps ErrInvalidSymbol too", err)
	}
}

// FuzzToken takes the input as a symbol and as a token. Both directions together say that ParseToken accepts exactly the image of Token over
// the valid symbols, and that Token is injective.
func FuzzToken(f *testing.F) {
	for _, s := range []string{"AAPL", "A.*", ">", "BRK%2EB", "%2e", "%41", "A%", "A B", " A", "\r\n", "\uff21", "%00", strings.Repeat("%2E", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tick.ValidateSymbol(s) == nil {
			token := tick.Token(s)
			if !tokenAlphabet.MatchString(token) {
				t.Fatalf("Token(%q) = %q leaves the alphabet", s, token)
			}
			if back, err := tick.ParseToken(token); err != nil || back != s {
				t.Fatalf("ParseToken(Token(%q)) = %q, %v", s, back, err)
			}
		}
		symbol, err := tick.ParseToken(s)
		if err != nil {
			return
		}
		if err := tick.ValidateSymbol(symbol); err != nil {
			t.Fatalf("ParseToken(%q) = %q, which is no symbol: %v", s, symbol, err)
		}
		if token := tick.Token(symbol); token != s {
			t.Fatalf("%q and %q both name %q", s, token, symbol)
		}
	})
}
