package client

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPattern says that a pattern of symbols cannot be read; the error says why.
var ErrPattern = errors.New("client: pattern")

// pattern is a pattern of symbols, in parts that each stand for a symbol's next character, or for any run of them.
type pattern []part

// part is one of a pattern.
type part struct {
	run   bool            // *: any characters, or none
	takes func(byte) bool // one character
}

// parsePattern reads a pattern: * stands for any run of characters, ? for any one, [a-f] for one of a set, [^a-f] for one that is not in it, and \ takes the meaning from the character after it.
// There is no separator that they stop at: / is a character as any other.
func parsePattern(text string) (pattern, error) {
	var p pattern
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '*':
			p = append(p, part{run: true})
		case '?':
			p = append(p, part{takes: func(byte) bool { return true }})
		case '[':
			end := strings.IndexByte(text[i+1:], ']')
			if end < 1 {
				return nil, fmt.Errorf("%w %q: a [ has no ], or nothing in between", ErrPattern, text)
			}
			p = append(p, part{takes: setOf(text[i+1 : i+1+end])})
			i += 1 + end
		case '\\':
			i++
			if i == len(text) {
				return nil, fmt.Errorf("%w %q: it ends with a \\", ErrPattern, text)
			}
			p = append(p, literal(text[i]))
		default:
			p = append(p, literal(c))
		}
	}
	return p, nil
}

func literal(c byte) part { return part{takes: func(b byte) bool { return b == c }} }

// setOf reads what stands between brackets.
func setOf(set string) func(byte) bool {
	inverted := len(set) > 1 && set[0] == '^'
	if inverted {
		set = set[1:]
	}
	var has [256]bool
	for i := 0; i < len(set); i++ {
		last := set[i]
		if i+2 < len(set) && set[i+1] == '-' {
			last = set[i+2]
		}
		for c := int(set[i]); c <= int(last); c++ {
			has[c] = true
		}
		if last != set[i] {
			i += 2
		}
	}
	return func(c byte) bool { return has[c] != inverted }
}

// matches reports whether a symbol is one of the pattern's. It goes back to the newest run only, so it takes no more than the product of the lengths.
func (p pattern) matches(symbol string) bool {
	at, s := 0, 0
	run, from := -1, 0 // the newest run, and where the symbol goes on after it
	for s < len(symbol) {
		switch {
		case at < len(p) && p[at].run:
			run, from = at, s
			at++
		case at < len(p) && p[at].takes(symbol[s]):
			at++
			s++
		case run >= 0:
			from++
			at, s = run+1, from
		default:
			return false
		}
	}
	for at < len(p) && p[at].run {
		at++
	}
	return at == len(p)
}

// literalPrefix is what every symbol of a pattern begins with: what the gateway can look for itself.
func literalPrefix(text string) string {
	if i := strings.IndexAny(text, `*?[\`); i >= 0 {
		return text[:i]
	}
	return text
}
