package record

import (
	"errors"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// errSymbols says that there is no room for another symbol.
var errSymbols = errors.New("record: more symbols than a recording may have")

// Gap is a hole in the sequence of a symbol: events that were numbered and did not come.
type Gap struct {
	At       tick.Time // ts_recv of the event after it
	Symbol   string
	Epoch    uint64
	From, To uint64 // first and last missing sequence
}

// Missing returns how many events the gap stands for.
func (g Gap) Missing() uint64 { return g.To - g.From + 1 }

// sequences knows the newest event of every symbol.
type sequences struct {
	newest map[string]*numbering
}

// numbering is where a symbol's publisher is.
type numbering struct{ epoch, sequence uint64 }

func newSequences() sequences { return sequences{newest: make(map[string]*numbering)} }

// verdict is what an event is to those before it.
type verdict uint8

const (
	inOrder  verdict = iota // the next one, or the first of its symbol or epoch
	afterGap                // newer, and something between is missing
	repeated                // not newer: consumers drop it
)

// judge takes the number of an event. Where a recording, or an epoch within it, does not begin with 1, what came before is missing only if it belongs to
// an epoch that began during the recording.
func (s *sequences) judge(symbol string, e *tick.Event) (verdict, Gap, error) {
	n := s.newest[symbol]
	if n == nil {
		if len(s.newest) == datafile.MaxSymbols {
			return repeated, Gap{}, errSymbols
		}
		s.newest[symbol] = &numbering{e.Epoch, e.Sequence}
		return inOrder, Gap{}, nil
	}
	if e.Epoch < n.epoch || e.Epoch == n.epoch && e.Sequence <= n.sequence {
		return repeated, Gap{}, nil
	}
	expected := n.sequence + 1
	if e.Epoch != n.epoch {
		expected = 1
	}
	*n = numbering{e.Epoch, e.Sequence}
	if e.Sequence == expected {
		return inOrder, Gap{}, nil
	}
	return afterGap, Gap{Symbol: symbol, Epoch: e.Epoch, From: expected, To: e.Sequence - 1}, nil
}
