package history

import (
	"tickgate/pkg/tick"
)

// doubt is what a gateway may not have seen of a symbol in an epoch although the publisher's log has it.
type doubt struct {
	epoch uint64
	// lostUpTo is the greatest sequence that the bus may have lost; 0: none.
	lostUpTo uint64
	// exactAt is the sequence, per kind, at which the held fields were last those of the newest event.
	exactAt [tick.KindStatus + 1]uint64
}

// doubt returns the doubt about a symbol; a new epoch begins without one.
func (c *checker) doubt(symbol string, epoch uint64) *doubt {
	d := c.doubts[symbol]
	if d == nil || d.epoch != epoch {
		d = &doubt{epoch: epoch}
		c.doubts[symbol] = d
	}
	return d
}

// tolerates reports whether fields that are not those of the newest event are those of one event since they last were, where the gateway
// may not have seen the newest one. What is published later is not in doubt.
func (c *checker) tolerates(sub *subscription, h *holding, log *epochLog, kind tick.Kind, sequence uint64) bool {
	d := c.doubt(sub.symbol, log.epoch)
	newest, _ := log.newest(kind, sequence)
	return newest.sequence <= d.lostUpTo && log.of(kind).matchedBetween(&h.ticker, d.exactAt[kind], sequence)
}
