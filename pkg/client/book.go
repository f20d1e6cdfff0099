package client

import (
	"iter"
	"slices"
	"sync"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Book holds the current ticker of every subscribed symbol.
type Book struct {
	// Immutable.
	events  int // updates of symbols with AllEvents that may wait
	latency *Latency

	wake chan struct{} // of one; sent to by the receiver when an update waits, received by Updates, never closed

	// mu guards the fields below.
	mu            sync.Mutex
	entries       map[string]*entry
	waiting       queue
	eventsWaiting int
	worth         map[State]int // how many tickers are in each state
	cutOff        int           // of the stale ones, those that are so because there was no connection
}

// entry is one symbol. Guarded by Book.mu.
type entry struct {
	ticker     Ticker
	scales     scales
	everyEvent bool
	gone       bool     // unsubscribed
	newest     *waiter  // its newest update that waits; nil: none
	resume     position // of the newest update
}

// position is where a symbol stands in a publisher's sequence; the zero value is the beginning.
type position struct{ epoch, sequence uint64 }

// scales are the digits after the point of a symbol's numbers.
type scales struct{ price, size, turnover uint8 }

func newBook(events int, latency *Latency) *Book {
	return &Book{events: events, latency: latency, wake: make(chan struct{}, 1), entries: make(map[string]*entry), worth: make(map[State]int)}
}

// Quote returns the ticker of a subscribed symbol; false: it is not subscribed.
func (b *Book) Quote(symbol string) (Ticker, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[symbol]
	if e == nil {
		return Ticker{}, false
	}
	return e.ticker, true
}

// Len returns how many symbols are subscribed.
func (b *Book) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}

// All returns the tickers in the order of their symbols, as of the call.
func (b *Book) All() iter.Seq[Ticker] {
	b.mu.Lock()
	tickers := make([]Ticker, 0, len(b.entries))
	for _, e := range b.entries {
		tickers = append(tickers, e.ticker)
	}
	b.mu.Unlock()
	slices.SortFunc(tickers, func(x, y Ticker) int {
		if x.Symbol < y.Symbol {
			return -1
		}
		return 1
	})
	return slices.Values(tickers)
}

// want makes room for a symbol, or changes how its updates wait.
func (b *Book) want(symbol string, conflation Conflation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[symbol]
	if e == nil {
		e = &entry{ticker: Ticker{Symbol: symbol, State: Pending, Reason: NotSeen}}
		b.entries[symbol] = e
		b.worth[Pending]++
	}
	e.everyEvent = conflation.everyEvent()
}

// drop forgets a symbol.
func (b *Book) drop(symbol string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[symbol]; e != nil {
		e.gone = true
		b.countLocked(e, -1)
		delete(b.entries, symbol)
	}
}

// resumePoint returns where the symbol stands; a sequence of 0 is the beginning.
func (b *Book) resumePoint(symbol string) position {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[symbol]; e != nil {
		return e.resume
	}
	return position{}
}

// allStale reports whether there are tickers and the gateway says of all of them that they are stale.
func (b *Book) allStale() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.worth[Stale] > 0 && b.worth[Live]+b.worth[Halted] == 0 && b.cutOff == 0
}

// disconnected makes every ticker stale.
func (b *Book) disconnected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.ticker.Sequence != 0 {
			b.setStateLocked(e, Stale, Disconnected)
		}
	}
}

// countLocked counts a ticker in its state, or out of it.
func (b *Book) countLocked(e *entry, by int) {
	b.worth[e.ticker.State] += by
	if e.ticker.Reason == Disconnected {
		b.cutOff += by
	}
}

func (b *Book) setStateLocked(e *entry, state State, reason Reason) {
	if e.ticker.State == state && e.ticker.Reason == reason {
		return
	}
	if !e.gone {
		b.countLocked(e, -1)
		defer b.countLocked(e, +1)
	}
	e.ticker.State, e.ticker.Reason = state, reason
	b.noteLocked(e, event{changed: StateChanged})
}

// announce takes an instrument and returns the entry that its id stands for; nil: the symbol is not subscribed any more.
func (b *Book) announce(i *tickgatev1.Instrument) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[i.GetSymbol()]
	if e == nil {
		return nil
	}
	e.rescale(scales{uint8(i.GetPriceScale()), uint8(i.GetSizeScale()), uint8(i.GetTurnoverScale())})
	if epoch := i.GetEpoch(); epoch != e.ticker.Epoch && epoch != 0 {
		e.ticker.Epoch, e.ticker.Sequence = epoch, 0 // sequences begin anew
	}
	reason := e.ticker.Reason
	switch state := State(i.GetState()); {
	case state == Live:
		reason = FeedLive
	case state == Pending:
		reason = NotSeen
	case state == Halted:
		reason = Venue
	case reason != FeedSilent && reason != BusLost:
		reason = 0 // the gateway does not say why
	}
	b.setStateLocked(e, State(i.GetState()), reason)
	return e
}

// state takes what values are worth from here on.
func (b *Book) state(m *tickgatev1.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state, reason := State(m.GetState()), Reason(m.GetReason())
	if m.GetSymbol() != "" {
		if e := b.entries[m.GetSymbol()]; e != nil {
			b.setStateLocked(e, state, reason)
		}
		return
	}
	for _, e := range b.entries {
		b.setStateLocked(e, state, reason)
	}
}

// gap takes what is missing.
func (b *Book) gap(m *tickgatev1.Gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tell := func(e *entry) {
		e.ticker.Missing += m.GetMissing()
		b.noteLocked(e, event{missing: m.GetMissing(), gap: GapReason(m.GetReason())})
	}
	if m.GetSymbol() != "" {
		if e := b.entries[m.GetSymbol()]; e != nil {
			tell(e)
		}
		return
	}
	for _, e := range b.entries {
		tell(e)
	}
}

// batch takes updates; ids finds the entries of this stream.
func (b *Book) batch(m *tickgatev1.Batch, ids map[uint32]*entry, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range m.GetUpdates() {
		e := ids[u.GetInstrumentId()]
		if e == nil || e.gone {
			continue
		}
		b.updateLocked(e, u, m, now)
	}
}
