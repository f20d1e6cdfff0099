package tick

import (
	"errors"
	"fmt"
)

// ErrInvalidToken is wrapped by every error of ParseToken: the bytes are not what Token makes of any symbol.
var ErrInvalidToken = errors.New("tick: invalid token")

const hexDigits = "0123456789ABCDEF"

// Token encodes a symbol injectively into letters, digits, '_', '-' and %XX (upper-case hexadecimal): a single bus subject token
// without a dot, wildcard, space or control byte.
func Token(symbol string) string {
	return string(AppendToken(make([]byte, 0, len(symbol)+8), symbol))
}

// AppendToken appends Token(symbol) to dst.
func AppendToken(dst []byte, symbol string) []byte {
	for i := range len(symbol) {
		c := symbol[i]
		if isTokenByte(c) {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// ParseToken is the inverse of Token. It accepts exactly what Token makes of a valid symbol, so that no two tokens name one symbol.
func ParseToken(token string) (string, error) {
	symbol := make([]byte, 0, len(token))
	for i := 0; i < len(token); i++ {
		c := token[i]
		if isTokenByte(c) {
			symbol = append(symbol, c)
			continue
		}
		if c != '%' || i+2 >= len(token) {
			return "", fmt.Errorf("%w: byte %d is %#02x", ErrInvalidToken, i+1, c)
		}
		high, low := hexValue(token[i+1]), hexValue(token[i+2])
		if high > 15 || low > 15 {
			return "", fmt.Errorf("%w: %q is not an upper-case %%XX", ErrInvalidToken, token[i:i+3])
		}
		decoded := high<<4 | low
		if isTokenByte(decoded) {
			return "", fmt.Errorf("%w: %q stands for %q, which is not escaped", ErrInvalidToken, token[i:i+3], decoded)
		}
		symbol = append(symbol, decoded)
		i += 2
	}
	if err := ValidateSymbol(string(symbol)); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return string(symbol), nil
}

func isTokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '-'
}

// hexValue returns 255 for a byte that is not an upper-case hexadecimal digit.
func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
