package playback

import (
	"slices"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// arrivals are what was read and is not in the window yet.
type arrivals struct {
	from     tick.Time // earlier events are passed over
	messages []kept.Message
	next     int // of messages
	decoder  bus.Decoder
	event    int // of decoder.Events, the next
	current  kept.Message
	route    route
	times    times
}

// take takes a portion.
func (p *Player) take(portion kept.Portion) {
	p.messages, p.next = portion.Messages, 0
	p.reached = somewhere
	if portion.AtEdge {
		p.reached = theEdge
	}
}

// assemble puts events in order until the group is complete; false: that takes more of the recording.
func (p *Player) assemble() bool {
	for !p.group.complete {
		h := p.head()
		switch {
		case h != nil && p.group.takes(h):
			p.apply(h)
			p.window.drop()
		case h != nil, p.mayEnd() && !p.group.empty():
			p.group.complete = true
		default:
			return false
		}
	}
	return true
}

// mayEnd reports whether the group is complete although no later event is known.
func (p *Player) mayEnd() bool {
	switch {
	case p.reached == theEnd:
		return true
	case p.reached == theEdge && p.open.Live && p.group.everyEvent():
		return true
	case p.phase == Live:
		return p.group.wait(&p.clock, p.config.Now()) <= 0
	}
	return false
}

// head returns the next event in order, nil if that is not known before more is read.
func (p *Player) head() *held {
	for {
		if h := p.window.peek(); h != nil {
			return h
		}
		if !p.arrive() {
			return p.window.peek()
		}
	}
}

// arrive puts the next event that was read into the window; false: there is none.
func (p *Player) arrive() bool {
	for p.event == len(p.decoder.Events) {
		if p.reached == theEnd || !p.nextMessage() {
			return false
		}
	}
	e := timed{p.route, p.decoder.Events[p.event], p.current.Stored}
	p.event++
	for _, e := range p.times.take(e, p.config.ReorderEvents) {
		p.sift(&e)
	}
	if p.event == len(p.decoder.Events) {
		p.noteEnd()
	}
	return true
}

// nextMessage decodes the next message of a symbol that is played; false: there is none. Messages that cannot be read are passed over, as the feed does.
func (p *Player) nextMessage() bool {
	p.event, p.decoder.Events = 0, p.decoder.Events[:0]
	for p.next < len(p.messages) {
		p.current = p.messages[p.next]
		p.messages[p.next] = kept.Message{}
		p.next++
		var known bool
		if p.route, known = p.routes[p.current.Subject]; known && p.decoder.Decode(p.route.kind, p.current.Payload) == nil {
			return true
		}
		p.decoder.Events = p.decoder.Events[:0]
		p.noteEnd()
	}
	p.noteEnd()
	return false
}

// noteEnd looks whether all that is to be played was read.
func (p *Player) noteEnd() {
	if p.open.Live || p.reached == theEnd {
		return
	}
	allMessages := p.current.Position >= p.end && p.event == len(p.decoder.Events)
	atEdge := p.reached == theEdge && p.next == len(p.messages) && p.event == len(p.decoder.Events)
	beyond := p.open.To != 0 && p.window.latest-tick.Time(p.window.span) >= p.open.To
	if allMessages || atEdge || beyond {
		p.reached = theEnd
		p.reading.Cancel() // nobody reads on
		p.letAllGo()
	}
}

// letAllGo lets everything go that waits for what comes later.
func (p *Player) letAllGo() {
	for _, e := range p.times.rest() {
		p.sift(&e)
	}
	p.window.setMode(everything)
}

// sift lets an event into the window if it is newer than those before it and was asked for.
func (p *Player) sift(t *timed) {
	s, e := t.route.symbol, &t.event
	at, missing, newer := s.arrived.take(e, p.times.of(t))
	if !newer {
		return
	}
	s.arrived.missing += missing
	switch {
	case at < p.from:
		s.arrived.missing = 0
		return
	case p.open.To != 0 && at >= p.open.To:
		p.window.latest = max(p.window.latest, at)
		return
	case !p.open.Kinds.has(e.Kind):
		return
	}
	p.window.put(&held{symbol: s, event: *e, at: at, stored: t.stored, missing: s.arrived.missing}, t.route.subject)
	s.arrived.missing = 0
}

// apply merges an event into its symbol's record, and notes it for the group.
func (p *Player) apply(h *held) {
	s := &h.symbol.shown
	epoch, sequence := s.record.Epoch, s.record.Sequence
	if err := s.record.Apply(&h.event, h.stored); err != nil {
		return // its sequence is missing, as in the feed, but nobody is told of it
	}
	s.position++
	if h.missing > 0 {
		if epoch != h.event.Epoch {
			sequence = 0
		}
		s.hole.add(sequence, &h.event, h.missing)
	}
	p.group.add(h)
}

// group is what is sent together: the events between two multiples of a span of the clock.
type group struct {
	// Immutable.
	interval time.Duration // of conflation; 0: every event

	complete bool
	end      tick.Time // of the span; events before it belong to the group
	latest   tick.Time // of its events
	events   uint64
	updates  []Update  // where every event is sent
	changed  []*Symbol // where events conflate
}

const (
	// everyEventSpan gathers events that are sent one by one in as few messages as is possible without delaying any.
	everyEventSpan = time.Millisecond
	// batchUpdates is how many updates a batch has at most.
	batchUpdates = 256
)

func newGroup(interval time.Duration) group { return group{interval: interval} }

func (g *group) everyEvent() bool { return g.interval == 0 }

// span is how long a time a group is of.
func (g *group) span() tick.Time {
	if g.everyEvent() {
		return tick.Time(everyEventSpan)
	}
	return tick.Time(g.interval)
}

func (g *group) empty() bool { return len(g.updates) == 0 && len(g.changed) == 0 }

// takes reports whether an event belongs to the group. One whose symbol has a hole before it begins a batch, so that the hole can be told first.
func (g *group) takes(h *held) bool {
	switch {
	case g.empty():
		return true
	case g.everyEvent() && (len(g.updates) == batchUpdates || h.missing > 0):
		return false
	}
	return h.at < g.end
}

// add notes an event that was applied.
func (g *group) add(h *held) {
	if g.empty() {
		g.latest = max(g.latest, h.at) // the clock does not go back for one that is late
		g.end = (g.latest/g.span() + 1) * g.span()
	}
	g.latest = max(g.latest, h.at)
	g.events++
	s := &h.symbol.shown
	if g.everyEvent() {
		g.updates = append(g.updates, h.symbol.update())
		return
	}
	if !s.dirty {
		s.dirty = true
		g.changed = append(g.changed, h.symbol)
	}
}

// clock returns when the group is due.
func (g *group) clock() tick.Time {
	if g.everyEvent() {
		return g.latest
	}
	return g.end
}

// wait returns how long a group whose events conflate waits until it is due; without any, for long.
func (g *group) wait(c *clock, now time.Time) time.Duration {
	if g.empty() {
		return time.Hour
	}
	return c.wait(g.clock(), now)
}

// flush sends the group and begins the next one.
func (g *group) flush(sink Sink) error {
	defer g.begin()
	slices.SortFunc(g.changed, func(a, b *Symbol) int { return int(a.ID) - int(b.ID) })
	for _, s := range g.changed {
		g.updates = append(g.updates, s.update())
	}
	for i := range g.updates {
		if err := g.updates[i].Symbol.tellHole(g.clock(), sink); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(g.updates, batchUpdates) {
		if err := sink.Batch(g.clock(), part); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) begin() {
	if !g.everyEvent() {
		g.latest = g.end
	}
	g.complete, g.events, g.updates, g.changed = false, 0, g.updates[:0], g.changed[:0]
}

// update returns what is new of the symbol, and takes it for sent.
func (s *Symbol) update() Update {
	w := &s.shown
	u := Update{
		Symbol: s, Record: w.record, Changed: tick.ChangedAll, Conflated: w.position - w.sent - 1, Snapshot: w.sent == 0,
		Announce: !w.announced || w.version != w.record.Version,
	}
	if !u.Snapshot {
		u.Changed = w.record.ChangedSince(w.position, w.sent)
	}
	w.sent, w.dirty, w.announced, w.version = w.position, false, true, w.record.Version
	return u
}

// tellHole says what is missing before what is sent next.
func (s *Symbol) tellHole(clock tick.Time, sink Sink) error {
	h := s.shown.hole
	if h.count == 0 {
		return nil
	}
	s.shown.hole = hole{}
	return sink.Gap(clock, s, h.from, h.to, h.count)
}
