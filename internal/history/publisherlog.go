package history

import (
	"sync"

	"tickgate/pkg/tick"
)

// PublisherLog is what a publisher sent, per symbol in the order of its sequence.
type PublisherLog struct {
	// mu guards the field below and what it leads to.
	mu      sync.RWMutex
	symbols map[string][]*epochLog // oldest epoch first
}

// NewPublisherLog returns an empty log.
func NewPublisherLog() *PublisherLog {
	return &PublisherLog{symbols: make(map[string][]*epochLog)}
}

// Published appends an event. Call it before the event goes out, so that no client can be told of it first. An event that is not newer than
// the symbol's last one is ignored, as a gateway drops it.
func (p *PublisherLog) Published(symbol string, e tick.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if log := p.advanceLocked(symbol, &e); log != nil {
		log.publish(&e)
	}
}

// Omitted appends an event that has a number but never goes out: a hole in the feed's sequence, of which clients must be told. A number that
// is skipped altogether is the same.
func (p *PublisherLog) Omitted(symbol string, e tick.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advanceLocked(symbol, &e)
}

// advanceLocked returns the log of e's epoch with e's number taken, or nil if e is not newer than the last event.
func (p *PublisherLog) advanceLocked(symbol string, e *tick.Event) *epochLog {
	epochs := p.symbols[symbol]
	if len(epochs) > 0 {
		log := epochs[len(epochs)-1]
		if e.Epoch < log.epoch || e.Epoch == log.epoch && e.Sequence <= log.last {
			return nil
		}
		if e.Epoch == log.epoch {
			log.last = e.Sequence
			return log
		}
	}
	log := newEpochLog(e.Epoch, e.Sequence)
	p.symbols[symbol] = append(epochs, log)
	return log
}

// epochLocked returns what is known of an epoch of a symbol; nil if it is not in the log.
func (p *PublisherLog) epochLocked(symbol string, epoch uint64) *epochLog {
	epochs := p.symbols[symbol]
	for i := len(epochs) - 1; i >= 0; i-- {
		if epochs[i].epoch == epoch {
			return epochs[i]
		}
	}
	return nil
}

// newestLocked returns the newest epoch of a symbol in which something was published; nil if there is none.
func (p *PublisherLog) newestLocked(symbol string) *epochLog {
	epochs := p.symbols[symbol]
	for i := len(epochs) - 1; i >= 0; i-- {
		if epochs[i].publishedCount() > 0 {
			return epochs[i]
		}
	}
	return nil
}

// epochLog is what was published of one symbol in one epoch.
type epochLog struct {
	epoch    uint64
	first    uint64      // sequence with which the log begins; complete if 1
	last     uint64      // newest sequence, published or omitted
	greatest tick.Scales // of what was published
	kinds    [3]series   // by kind, see of
}

func newEpochLog(epoch, first uint64) *epochLog {
	return &epochLog{
		epoch: epoch, first: first, last: first,
		kinds: [3]series{newSeries(tick.KindQuote), newSeries(tick.KindTrade), newSeries(tick.KindStatus)},
	}
}

func (l *epochLog) of(kind tick.Kind) *series { return &l.kinds[kind-tick.KindQuote] }

func (l *epochLog) publish(e *tick.Event) {
	l.of(e.Kind).append(e)
	l.greatest = greaterScales(l.greatest, e.Scales)
}

func greaterScales(a, b tick.Scales) tick.Scales {
	return tick.Scales{Price: max(a.Price, b.Price), Size: max(a.Size, b.Size), Turnover: max(a.Turnover, b.Turnover)}
}

// scalesUpTo returns the greatest scales up to a sequence. It looks at every event.
func (l *epochLog) scalesUpTo(sequence uint64) tick.Scales {
	var greatest tick.Scales
	for _, kind := range everyKind {
		s := l.of(kind)
		for _, scales := range s.scales[:s.countUpTo(sequence)] {
			greatest = greaterScales(greatest, scales)
		}
	}
	return greatest
}

func (l *epochLog) publishedCount() int {
	return len(l.kinds[0].sequences) + len(l.kinds[1].sequences) + len(l.kinds[2].sequences)
}

func (l *epochLog) published(sequence uint64) bool {
	return l.kinds[0].contains(sequence) || l.kinds[1].contains(sequence) || l.kinds[2].contains(sequence)
}

// covers reports whether the log has everything after a sequence.
func (l *epochLog) covers(after uint64) bool { return l != nil && l.first <= after+1 }

// publishedBetween counts the published events of some kinds, both ends excluded.
func (l *epochLog) publishedBetween(after, before uint64, kinds kindSet) uint64 {
	if before <= after+1 {
		return 0
	}
	count := 0
	for _, kind := range everyKind {
		if kinds.has(kind) {
			count += l.of(kind).countUpTo(before-1) - l.of(kind).countUpTo(after)
		}
	}
	return uint64(count)
}

// newest returns the newest event of a kind at or before a sequence. Nothing is known if the log begins later than the kind's first event may
// have been.
func (l *epochLog) newest(kind tick.Kind, sequence uint64) (e event, known bool) {
	s := l.of(kind)
	if i := s.countUpTo(sequence) - 1; i >= 0 {
		return s.at(i), true
	}
	return s.none(), l.first == 1
}

// lastPublished returns the newest published sequence of some kinds; 0 if there is none.
func (l *epochLog) lastPublished(kinds kindSet) uint64 {
	var last uint64
	for _, kind := range everyKind {
		if s := l.of(kind).sequences; kinds.has(kind) && len(s) > 0 {
			last = max(last, s[len(s)-1])
		}
	}
	return last
}
