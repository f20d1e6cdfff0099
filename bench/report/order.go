package report

import (
	"cmp"
	"strings"
)

// natural compares names by the numbers in them, which may have commas: "2,000 streams" is before "10,000 streams".
func natural(a, b string) int {
	for a != "" && b != "" {
		aNumber, aRest, aIs := leadingNumber(a)
		bNumber, bRest, bIs := leadingNumber(b)
		if aIs && bIs {
			if order := cmp.Compare(aNumber, bNumber); order != 0 {
				return order
			}
			a, b = aRest, bRest
			continue
		}
		if order := cmp.Compare(a[0], b[0]); order != 0 {
			return order
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// leadingNumber returns the number that a text begins with.
func leadingNumber(text string) (number int, rest string, ok bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			number, ok = number*10+int(c-'0'), true
		case c != ',' || !ok || i+1 == len(text) || text[i+1] < '0' || text[i+1] > '9':
			return number, text[i:], ok
		}
	}
	return number, "", ok
}

// compareSystems puts Tickgate first and the others in order of their names.
func compareSystems(a, b string) int {
	const ours = "tickgate"
	aOurs, bOurs := strings.HasPrefix(a, ours), strings.HasPrefix(b, ours)
	switch {
	case aOurs && !bOurs:
		return -1
	case bOurs && !aOurs:
		return 1
	}
	return cmp.Compare(a, b)
}
