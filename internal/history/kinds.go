package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"

	"tickgate/pkg/tick"
)

// kindSet has a bit for each kind.
type kindSet uint8

const allKinds = kindSet(1<<tick.KindQuote | 1<<tick.KindTrade | 1<<tick.KindStatus)

// everyKind lists the kinds.
var everyKind = [...]tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus}

func (s kindSet) has(k tick.Kind) bool { return s&(1<<k) != 0 }

// kindsOf reads the kinds of a Subscribe; none is all.
func kindsOf(kinds []tickgatev1.Kind) kindSet {
	var s kindSet
	for _, k := range kinds {
		switch k {
		case tickgatev1.Kind_KIND_QUOTE, tickgatev1.Kind_KIND_TRADE, tickgatev1.Kind_KIND_STATUS:
			s |= 1 << k
		}
	}
	if s == 0 {
		return allKinds
	}
	return s
}

// carriedKinds returns the kinds of which an update carries something.
func carriedKinds(u *tickgatev1.Update) kindSet {
	var s kindSet
	if u.GetQuote() != nil {
		s |= 1 << tick.KindQuote
	}
	if u.GetTrade() != nil || u.GetStats() != nil {
		s |= 1 << tick.KindTrade
	}
	if u.GetStatus() != nil {
		s |= 1 << tick.KindStatus
	}
	return s
}
