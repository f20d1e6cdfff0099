package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"

	"tickgate/pkg/tick"
)

// checkEachOnce compares the distinct symbols of a command with those of its answer.
func (c *checker) checkEachOnce(answer string, asked, answered []string) {
	open := distinctShown(asked)
	for _, symbol := range answered {
		symbol = cut(symbol)
		count, wanted := open[symbol]
		switch {
		case !wanted:
			c.violate(RuleAnswered, symbol, "%s names a symbol that was not asked for", answer)
		case count == 0:
			c.violate(RuleAnswered, symbol, "%s answers the symbol more than once", answer)
		default:
			open[symbol]--
		}
	}
	for symbol, count := range open {
		if count > 0 {
			c.violate(RuleAnswered, symbol, "%s does not answer the symbol", answer)
		}
	}
}

// distinctShown counts the distinct symbols by the way they are shown in an answer; two that are not printable may be shown alike.
func distinctShown(symbols []string) map[string]int {
	distinct := make(map[string]bool, len(symbols))
	counts := make(map[string]int, len(symbols))
	for _, symbol := range symbols {
		if !distinct[symbol] {
			distinct[symbol] = true
			counts[shown(symbol)]++
		}
	}
	return counts
}

// maxShownBytes is how much of a symbol that is none an answer shows; cut before or after it is made printable.
const maxShownBytes = 256

func shown(symbol string) string { return cut(tick.Printable(symbol, maxShownBytes)) }

func cut(symbol string) string { return symbol[:min(len(symbol), maxShownBytes)] }

func rejectedSymbols(rejections []*tickgatev1.Rejection) []string {
	symbols := make([]string, 0, len(rejections))
	for _, r := range rejections {
		symbols = append(symbols, cut(r.GetSymbol()))
	}
	return symbols
}
