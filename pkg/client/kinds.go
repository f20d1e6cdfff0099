package client

import tickgatev1 "tickgate/proto/tickgate/v1"

// Kinds selects what of a symbol is subscribed to, for SubscribeKinds.
type Kinds uint8

// The kinds; combine them with |.
const (
	Quotes   Kinds = 1 << iota // best bid and offer
	Trades                     // last trade, and the session's figures
	Statuses                   // trading status

	AllKinds = Quotes | Trades | Statuses
)

// message lists the kinds as the API has it, where nothing stands for all.
func (k Kinds) message() (kinds []tickgatev1.Kind) {
	if k == AllKinds {
		return nil
	}
	for _, one := range []struct {
		kind Kinds
		name tickgatev1.Kind
	}{{Quotes, tickgatev1.Kind_KIND_QUOTE}, {Trades, tickgatev1.Kind_KIND_TRADE}, {Statuses, tickgatev1.Kind_KIND_STATUS}} {
		if k&one.kind != 0 {
			kinds = append(kinds, one.name)
		}
	}
	return kinds
}
