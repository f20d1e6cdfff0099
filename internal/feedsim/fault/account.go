package fault

import "tickgate/pkg/tick"

// Account is what a log says of single events.
type Account struct {
	missing map[numbered]bool
	crossed map[numbered]bool
}

// numbered names an event.
type numbered struct {
	symbol          string
	epoch, sequence uint64
}

// NewAccount sums a log up.
func NewAccount(log []Record) *Account {
	a := &Account{missing: make(map[numbered]bool), crossed: make(map[numbered]bool)}
	for _, r := range log {
		for sequence := r.From; sequence != 0 && sequence <= r.To; sequence++ {
			event := numbered{r.Symbol, r.Epoch, sequence}
			switch r.Fault {
			case Gap, Reorder: // whoever takes events in order has passed over one that was overtaken
				a.missing[event] = true
			case Crossed:
				a.crossed[event] = true
			case Duplicate, Silence, Burst, Skew, Failover:
			}
		}
	}
	return a
}

// Taken reports whether somebody who takes events in order takes one that would have gone out as e, and does to e what was done to it. Only the time of a Skew is left as it was.
func (a *Account) Taken(symbol string, e *tick.Event) bool {
	event := numbered{symbol, e.Epoch, e.Sequence}
	if a.crossed[event] {
		e.Quote.BidPrice, e.Quote.AskPrice = e.Quote.AskPrice, e.Quote.BidPrice
	}
	return !a.missing[event]
}
