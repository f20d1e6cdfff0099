package numbering

import (
	"errors"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// ErrSymbols says that there is no room for another symbol: the source is not a market.
var ErrSymbols = errors.New("numbering: more than 1,000,000 symbols")

// Gap is a hole in the sequence of a symbol: events that were numbered and did not come.
type Gap struct {
	Symbol   string
	Epoch    uint64
	From, To uint64 // first and last missing sequence
}

// Missing returns how many events the gap stands for.
func (g Gap) Missing() uint64 { return g.To - g.From + 1 }

// Judge knows the newest event of every symbol.
type Judge struct {
	newest map[string]*number
}

// number is where a symbol's publisher is.
type number struct{ epoch, sequence uint64 }

// NewJudge returns a judge that knows nothing yet.
func NewJudge() Judge { return Judge{newest: make(map[string]*number)} }

// Verdict is what an event is to those before it.
type Verdict uint8

// The verdicts.
const (
	InOrder  Verdict = iota // the next one, or the first of its symbol or epoch
	AfterGap                // newer, and something between is missing
	Repeated                // not newer: consumers drop it
)

// Take takes the number of an event. What came before the first event of a symbol is not missing. Where a later epoch does not begin with 1, what came before is: the epoch began while
// the symbol was known.
func (j *Judge) Take(symbol string, e *tick.Event) (Verdict, Gap, error) {
	n := j.newest[symbol]
	if n == nil {
		if len(j.newest) == datafile.MaxSymbols {
			return Repeated, Gap{}, ErrSymbols
		}
		j.newest[symbol] = &number{e.Epoch, e.Sequence}
		return InOrder, Gap{}, nil
	}
	if e.Epoch < n.epoch || e.Epoch == n.epoch && e.Sequence <= n.sequence {
		return Repeated, Gap{}, nil
	}
	expected := n.sequence + 1
	if e.Epoch != n.epoch {
		expected = 1
	}
	*n = number{e.Epoch, e.Sequence}
	if e.Sequence == expected {
		return InOrder, Gap{}, nil
	}
	return AfterGap, Gap{Symbol: symbol, Epoch: e.Epoch, From: expected, To: e.Sequence - 1}, nil
}
