package feed

import (
	"sync/atomic"

	"tickgate/pkg/tick"
)

// DropReason says why an event or a message was counted and skipped. The set is closed: it is a metric label.
type DropReason uint8

// The reasons. The first four are counted per event, the others per message.
const (
	DropDuplicate    DropReason = iota // the sequence is that of the newest event
	DropOutOfOrder                     // the sequence is lower
	DropOlderEpoch                     // the publisher has restarted since
	DropDecimalRange                   // a number does not fit the scales of the symbol; the event counts as missing
	DropMalformed                      // not an EventBatch or PublisherHeartbeat
	DropOversized                      // more bytes or events than a message may have
	DropWrongSubject                   // the subject names no kind or symbol, or a heartbeat another publisher
	DropWrongKind                      // an event of another kind than its subject
	DropTableFull                      // one symbol too many
	DropReasons                        // how many there are
)

// String returns the metric label.
func (r DropReason) String() string {
	switch r {
	case DropDuplicate:
		return "duplicate"
	case DropOutOfOrder:
		return "out_of_order"
	case DropOlderEpoch:
		return "older_epoch"
	case DropDecimalRange:
		return "decimal_range"
	case DropMalformed:
		return "malformed"
	case DropOversized:
		return "oversized"
	case DropWrongSubject:
		return "wrong_subject"
	case DropWrongKind:
		return "wrong_kind"
	case DropTableFull:
		return "table_full"
	case DropReasons:
	}
	return "unknown"
}

// Positions in counters.
const (
	countMessages = iota
	countBytes
	countHeartbeats
	countMissing
	countGaps
	countUntold
	countOverLimit
	countSymbols    // now
	countPublishers // now
	countSilent     // now
	countEvents     // by kind, from tick.KindQuote
	countDropped    = countEvents + int(tick.KindStatus)
	counterCount    = countDropped + int(DropReasons)
)

// counters are plain numbers of the feed goroutine.
type counters [counterCount]uint64

func (c *counters) event(kind tick.Kind)   { c[countEvents+int(kind-tick.KindQuote)]++ }
func (c *counters) drop(reason DropReason) { c[countDropped+int(reason)]++ }

// board shows the counters to other goroutines. They are posted once per batch of messages, so a hot path pays nothing; each is exact, but two of them
// may be of different moments.
type board [counterCount]atomic.Uint64

func (b *board) post(c *counters) {
	for i, n := range c {
		if b[i].Load() != n { // an atomic store costs twenty times as much as a load
			b[i].Store(n)
		}
	}
}
