package history

import (
	"fmt"
	"math"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Check returns where a client was not told the truth. The list is empty if all rules hold, in the order of the client's log otherwise, and
// bounded by Options.MaxPerRule.
func Check(published *PublisherLog, client *ClientLog, options Options) []Violation {
	published.mu.RLock()
	defer published.mu.RUnlock()
	options = options.withDefaults()
	c := &checker{
		published: published,
		options:   options,
		report:    newReport(options.MaxPerRule),
		holdings:  make(map[string]*holding),
		doubts:    make(map[string]*doubt),
		silences:  newSilences(options),
	}
	for position, e := range client.Entries() {
		c.position = position
		c.entry(e)
	}
	c.finish()
	return c.report.violations()
}

// checker walks a client's log once. It keeps what a client following the API's comments would keep, and compares at every step.
type checker struct {
	// Immutable after Check began.
	published *PublisherLog
	options   Options

	report   *report
	silences *silences

	position int
	at       int64   // time of the entry, UTC nanoseconds; 0 if it has none
	streams  int     // started so far
	stream   *stream // nil outside of one
	settled  *stream // the last one that ended

	// What is held of each symbol, over all streams.
	holdings map[string]*holding
	// What the gateway may not have seen of each symbol.
	doubts map[string]*doubt
}

// point is a place in a symbol's events.
type point struct {
	epoch, sequence uint64
}

func (p point) before(q point) bool {
	return p.epoch < q.epoch || p.epoch == q.epoch && p.sequence < q.sequence
}

func (p point) String() string { return fmt.Sprintf("%d of epoch %d", p.sequence, p.epoch) }

// holding is what a client holds of a symbol.
type holding struct {
	known  bool    // false: nothing was received yet, or it cannot be reconstructed
	at     point   // of the last update merged
	kinds  kindSet // that it was subscribed with
	ticker ticker
}

func (c *checker) violate(rule Rule, symbol, format string, args ...any) {
	c.report.add(Violation{
		Rule: rule, Symbol: symbol, Stream: c.streams, Position: c.position, Text: fmt.Sprintf(format, args...),
	})
}

func (c *checker) entry(e Entry) {
	c.at = 0
	if !e.At.IsZero() {
		c.at = e.At.UnixNano()
		c.passSilences(c.at)
	}
	switch e.Kind {
	case EntryStreamStarted:
		c.streams++
		c.stream = newStream()
	case EntrySent:
		if c.stream != nil { // else it was sent into a stream that had ended
			c.stream.await(e.Sent, c.position)
		}
	case EntryReceived:
		if c.stream == nil {
			c.violate(RuleOrdered, "", "a message outside of a stream")
			return
		}
		c.received(e.Received)
	case EntryStreamEnded:
		c.endStream(e.Err)
	}
}

func (c *checker) received(m *tickgatev1.ServerMessage) {
	switch event := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_Batch:
		c.batch(event.Batch)
	case *tickgatev1.ServerMessage_Gap:
		c.gap(event.Gap)
	case *tickgatev1.ServerMessage_State:
		c.state(event.State)
	case *tickgatev1.ServerMessage_Notice, *tickgatev1.ServerMessage_GoingAway:
	case nil:
		c.violate(RuleAnswered, "", "a message that says nothing")
	default:
		c.answer(m)
	}
}

// endStream judges what the end leaves open. A stream that broke may have lost answers on the way.
func (c *checker) endStream(err error) {
	if c.stream == nil {
		return
	}
	if err == nil {
		c.checkAllAnswered(c.stream)
	}
	c.settled, c.stream = c.stream, nil
}

func (c *checker) finish() {
	last := c.settled
	if c.stream != nil {
		last = c.stream
		c.at = math.MaxInt64 // it listened to the end, and nothing more came
		c.passSilences(c.at)
	}
	if last == nil || c.options.End != EndSettled {
		return
	}
	c.checkAllAnswered(last)
	c.checkConvergent(last)
}

// batch judges the updates one by one against what is held, and merges them.
func (c *checker) batch(b *tickgatev1.Batch) {
	c.checkStreamSequence(b)
	for _, instrument := range b.GetInstruments() {
		c.announce(instrument)
	}
	for _, u := range b.GetUpdates() {
		if sub := c.subscribedTo(u); sub != nil {
			c.update(sub, b, u)
		}
	}
}

func (c *checker) update(sub *subscription, b *tickgatev1.Batch, u *tickgatev1.Update) {
	now := point{epoch: sub.epoch, sequence: u.GetSequence()}
	if now.sequence == 0 && sub.follows && !u.GetSnapshot() {
		now.sequence = sub.last.sequence + uint64(u.GetConflated()) + 1
	}
	if now.sequence == 0 {
		c.violate(RuleOrdered, sub.symbol, "an update without a sequence")
		return
	}
	c.checkOrder(sub, u, now)
	c.checkMarketState(sub, b, u)
	c.checkPace(sub, b)
	c.checkAccount(sub, u, now)

	h := c.holding(sub.symbol)
	c.merge(sub, h, u, now)
	c.checkValue(sub, h, u, now)

	c.stream.newest[sub.symbol] = now
	sub.commit(now, c.position)
}

// merge applies an update to what is held, in the scales of the instrument in force.
func (c *checker) merge(sub *subscription, h *holding, u *tickgatev1.Update, now point) {
	if u.GetSnapshot() {
		*h = holding{known: true, kinds: sub.kinds}
	}
	c.rescale(sub, h)
	h.ticker.apply(u)
	h.at = now
}

// rescale brings what is held to the scales of the instrument in force.
func (c *checker) rescale(sub *subscription, h *holding) {
	if err := h.ticker.rescale(sub.scales); err != nil {
		c.violate(RuleNotTorn, sub.symbol, "what is held cannot be read in the scales of the instrument in force: %v", err)
		h.known = false
		h.ticker = ticker{scales: sub.scales}
	}
}

func (c *checker) holding(symbol string) *holding {
	h := c.holdings[symbol]
	if h == nil {
		h = &holding{}
		c.holdings[symbol] = h
	}
	return h
}
