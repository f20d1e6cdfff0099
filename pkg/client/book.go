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
	events   int           // updates of symbols with AllEvents that may wait
	patience time.Duration // how long they may; 0: for ever
	latency  *Latency
	took     func() // called when the application has taken everything of a batch, without mu

	wake chan struct{} // of one; sent to when an update waits, received by Updates, never closed

	// mu guards the fields below. Latency.mu may be taken while it is held.
	mu      sync.Mutex
	entries map[string]*entry
	worth   map[State]int // how many tickers are in each state
	cutOff  int           // of the stale ones, those that are so because there was no connection
	busLost int           // of the stale ones, those that are so because their gateway has lost its bus
	update  update        // that is being read

	waiting       queue
	eventsWaiting int
	spare         *waiter // the first of those that can be used again
	spares        int
	now           time.Time // when what is being noted came
	arrival       uint64    // the batch that it came with, counted over all streams
	arrived       uint64    // newest batch
	inHand        uint64    // the batch of what the application is dealing with; 0: with nothing
	consumers     int       // of Updates; 0: the application looks at the Book alone
	reported      uint64    // what took was called for last
	noted         bool      // something new waits
}

// entry is one symbol. Guarded by Book.mu.
type entry struct {
	ticker     Ticker
	scales     scales // of its numbers
	everyEvent bool
	gone       bool    // unsubscribed
	newest     *waiter // its newest in the queue; nil: none
	own        waiter  // is in the queue while something waits, unless each event counts
}

// position is where a symbol stands in a publisher's sequence; the zero value is the beginning.
type position struct{ epoch, sequence uint64 }

func newBook(events int, patience time.Duration, latency *Latency, took func()) *Book {
	return &Book{
		events: events, patience: patience, latency: latency, took: took,
		wake: make(chan struct{}, 1), entries: make(map[string]*entry), worth: make(map[State]int),
	}
}

// lockFor begins to note what has come at a time beside batches.
func (b *Book) lockFor(now time.Time) {
	b.mu.Lock()
	b.now, b.arrival = now, b.arrived+1 // it is not part of any batch yet
}

// unlock ends what was begun with mu, and wakes whoever waits for what was done.
func (b *Book) unlock() {
	noted := b.noted
	b.noted = false
	taken := b.takenLocked()
	advanced := taken > b.reported
	b.reported = max(b.reported, taken)
	b.mu.Unlock()
	if noted {
		signal(b.wake)
	}
	if advanced {
		b.took()
	}
}

// takenLocked returns up to which batch the application has dealt with everything, or found it replaced by something newer. Without a consumer of updates
// it has what the Book has.
func (b *Book) takenLocked() uint64 {
	if b.consumers == 0 {
		return b.arrived
	}
	first := b.arrived + 1
	if w := b.waiting.first(); w != nil {
		first = min(first, w.arrival)
	}
	if b.inHand != 0 {
		first = min(first, b.inHand)
	}
	return first - 1
}

// taken is takenLocked for the senders of acknowledgements.
func (b *Book) taken() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.takenLocked()
}

// consume counts who takes updates.
func (b *Book) consume(by int) {
	b.mu.Lock()
	defer b.unlock()
	b.consumers += by
	b.inHand = 0
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
		return position{e.ticker.Epoch, e.ticker.Sequence}
	}
	return position{}
}

// outlook is what all tickers are worth together.
type outlook uint8

const (
	someCurrent outlook = iota // or there are none
	allStale                   // as their gateway says
	allLost                    // since that has lost its bus
)

func (b *Book) outlook() outlook {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.worth[Stale] == 0 || b.worth[Live]+b.worth[Halted] > 0 || b.cutOff > 0:
		return someCurrent
	case b.busLost == b.worth[Stale]:
		return allLost
	}
	return allStale
}

// disconnected makes every ticker stale.
func (b *Book) disconnected() {
	b.lockFor(time.Now())
	defer b.unlock()
	for _, e := range b.entries {
		if e.ticker.Sequence != 0 {
			b.setStateLocked(e, Stale, Disconnected)
		}
	}
}

// countLocked counts a ticker in its state, or out of it.
func (b *Book) countLocked(e *entry, by int) {
	b.worth[e.ticker.State] += by
	switch e.ticker.Reason {
	case Disconnected:
		b.cutOff += by
	case BusLost:
		b.busLost += by
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

// announce takes an instrument of a stream; nil: the symbol is not subscribed any more.
func (b *Book) announce(i *tickgatev1.Instrument) *instrument {
	b.lockFor(time.Now())
	defer b.unlock()
	return b.announceLocked(i)
}

func (b *Book) announceLocked(i *tickgatev1.Instrument) *instrument {
	e := b.entries[i.GetSymbol()]
	if e == nil {
		return nil
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
	return &instrument{entry: e, scales: scalesOf(i), epoch: i.GetEpoch()}
}

// state takes what values are worth from here on.
func (b *Book) state(m *tickgatev1.State) {
	b.lockFor(time.Now())
	defer b.unlock()
	b.eachLocked(m.GetSymbol(), func(e *entry) { b.setStateLocked(e, State(m.GetState()), Reason(m.GetReason())) })
}

// gap takes what is missing. A hole that ends before what is held was filled, or told, by another stream.
func (b *Book) gap(m *tickgatev1.Gap) {
	b.lockFor(time.Now())
	defer b.unlock()
	b.eachLocked(m.GetSymbol(), func(e *entry) {
		if to := m.GetTo(); to != 0 && to < e.ticker.Sequence {
			return
		}
		e.ticker.Missing += m.GetMissing()
		b.noteLocked(e, event{missing: m.GetMissing(), gap: GapReason(m.GetReason())})
	})
}

// eachLocked calls f with the entry of a symbol, or with all if it is empty.
func (b *Book) eachLocked(symbol string, f func(*entry)) {
	if symbol != "" {
		if e := b.entries[symbol]; e != nil {
			f(e)
		}
		return
	}
	for _, e := range b.entries {
		f(e)
	}
}

// batch takes an encoded batch, whose memory it does not keep; ids are the instruments of its stream, to which it adds those announced. It returns the batch's number on its stream and its number
// among all.
func (b *Book) batch(encoded []byte, ids map[uint32]*instrument, now time.Time) (sequence, arrival uint64, err error) {
	head, err := readHead(encoded)
	if err != nil {
		return 0, 0, err
	}
	b.mu.Lock()
	defer b.unlock()
	b.latency.mu.Lock()
	defer b.latency.mu.Unlock()
	b.arrived++
	b.now, b.arrival = now, b.arrived
	for _, i := range head.instruments {
		if known := b.announceLocked(i); known != nil {
			ids[i.GetId()] = known
		}
	}
	f := fields{rest: encoded}
	for f.next() {
		if f.tag != batchUpdates {
			continue
		}
		if err := b.update.read(f.bytes); err != nil {
			return 0, 0, err
		}
		i := ids[b.update.instrument]
		if i == nil {
			continue
		}
		i.number(&b.update)
		if !i.entry.gone {
			b.updateLocked(i, &b.update, &head, now)
		}
	}
	return head.sequence, b.arrival, f.err
}
