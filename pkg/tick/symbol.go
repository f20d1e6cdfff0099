package tick

import (
	"errors"
	"fmt"
	"strings"
)

// MaxSymbolBytes is the greatest length of a symbol.
const MaxSymbolBytes = 64

// ErrInvalidSymbol is wrapped by every error of ValidateSymbol: reject the symbol and name the rule it breaks.
var ErrInvalidSymbol = errors.New("tick: invalid symbol")

// ValidateSymbol reports whether s can be a symbol: 1 to 64 printable ASCII bytes without leading or trailing space.
// Symbols are case-sensitive and otherwise opaque.
func ValidateSymbol(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%w: it is empty", ErrInvalidSymbol)
	case len(s) > MaxSymbolBytes:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrInvalidSymbol, len(s), MaxSymbolBytes)
	case s[0] == ' ' || s[len(s)-1] == ' ':
		return fmt.Errorf("%w: it begins or ends with a space", ErrInvalidSymbol)
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return fmt.Errorf("%w: byte %d is %#02x, only printable ASCII is allowed", ErrInvalidSymbol, i+1, s[i])
		}
	}
	return nil
}

// Printable returns s with every byte that is not printable ASCII written as \xNN, cut after limit bytes of input: what may be echoed
// to a client, a terminal or a log.
func Printable(s string, limit int) string {
	cut := min(len(s), limit)
	var b strings.Builder
	b.Grow(cut)
	for i := range cut {
		if c := s[i]; c < 0x20 || c > 0x7e {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
