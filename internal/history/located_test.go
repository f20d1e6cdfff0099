package history_test

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// located is an update with what a mutator must know to break a rule with it.
type located struct {
	entry  int // in recorded.entries
	batch  *tickgatev1.Batch
	update *tickgatev1.Update
	sub    *grantedTo
	before *located // of the same subscription; nil: the first
	after  *located
	gaps   []*tickgatev1.Gap // between before and this one
	gapsAt []int             // their entries
	state  *tickgatev1.State // the one that made it live since the update before
	stateAt,
	stream int
}

// grantedTo is one subscription.
type grantedTo struct {
	symbol   string
	id       uint32
	kinds    []tickgatev1.Kind
	policy   tickgatev1.ConflationPolicy // the first that was granted
	interval time.Duration               // granted with it
	isSteady bool                        // no SetConflation since
	isResume bool
	inLast   bool // still subscribed at the end of the log
}

// locate finds the updates of a history.
func locate(h *recorded) []*located {
	l := locator{pending: make(map[uint64]*tickgatev1.Subscribe)}
	for i, e := range h.entries {
		switch {
		case e.Kind == history.EntryStreamStarted:
			l.stream++
			l.current = make(map[uint32]*place)
		case e.Sent.GetSubscribe() != nil:
			l.pending[e.Sent.GetRequestId()] = e.Sent.GetSubscribe()
		case e.Kind == history.EntryReceived:
			l.received(i, e.Received)
		}
	}
	for _, p := range l.current {
		p.sub.inLast = true
	}
	return l.found
}

type locator struct {
	stream  int
	pending map[uint64]*tickgatev1.Subscribe
	current map[uint32]*place // by instrument id
	found   []*located
}

// place is where a subscription stands.
type place struct {
	sub     *grantedTo
	last    *located
	gaps    []*tickgatev1.Gap
	gapsAt  []int
	state   *tickgatev1.State
	stateAt int
}

func (l *locator) received(i int, m *tickgatev1.ServerMessage) {
	l.subscribed(m.GetSubscribeResult())
	if r := m.GetUnsubscribeResult(); r != nil {
		for id, p := range l.current {
			if len(r.GetRemoved())+len(r.GetRejected()) == 0 || slices.Contains(r.GetRemoved(), p.sub.symbol) {
				delete(l.current, id)
			}
		}
	}
	for _, p := range l.current {
		switch {
		case m.GetSetConflationResult() != nil:
			p.sub.isSteady = false
		case m.GetGap().GetSymbol() == p.sub.symbol:
			p.gaps, p.gapsAt = append(p.gaps, m.GetGap()), append(p.gapsAt, i)
		case m.GetState().GetSymbol() == p.sub.symbol:
			p.state, p.stateAt = m.GetState(), i
		}
	}
	for _, u := range m.GetBatch().GetUpdates() {
		l.update(i, m.GetBatch(), u)
	}
}

func (l *locator) subscribed(r *tickgatev1.SubscribeResult) {
	wish := l.pending[r.GetRequestId()]
	for _, a := range r.GetAccepted() {
		sub := &grantedTo{symbol: a.GetSymbol(), id: a.GetId(), kinds: wish.GetKinds(), policy: r.GetConflation().GetPolicy(), isSteady: true}
		sub.interval = time.Duration(r.GetConflation().GetIntervalMs()) * time.Millisecond
		sub.isResume = slices.ContainsFunc(wish.GetResume(), func(r *tickgatev1.Resume) bool { return r.GetSymbol() == sub.symbol })
		l.current[a.GetId()] = &place{sub: sub}
	}
}

func (l *locator) update(i int, b *tickgatev1.Batch, u *tickgatev1.Update) {
	p := l.current[u.GetInstrumentId()]
	at := &located{
		entry: i, batch: b, update: u, sub: p.sub, before: p.last,
		gaps: p.gaps, gapsAt: p.gapsAt, state: p.state, stateAt: p.stateAt, stream: l.stream,
	}
	if p.last != nil {
		p.last.after = at
	}
	p.last, p.gaps, p.gapsAt, p.state = at, nil, nil, nil
	l.found = append(l.found, at)
}

// clone copies a history so far that its messages can be changed.
func (r *recorded) clone() *recorded {
	copied := &recorded{published: r.published, events: r.events, options: r.options, entries: slices.Clone(r.entries)}
	for i := range copied.entries {
		e := &copied.entries[i]
		if e.Sent != nil {
			e.Sent = proto.Clone(e.Sent).(*tickgatev1.ClientMessage)
		}
		if e.Received != nil {
			e.Received = proto.Clone(e.Received).(*tickgatev1.ServerMessage)
		}
	}
	return copied
}

// drop removes an entry.
func (r *recorded) drop(i int) { r.entries = slices.Delete(r.entries, i, i+1) }

// dropUpdate removes an update from its batch.
func (at *located) drop() {
	at.batch.Updates = slices.DeleteFunc(at.batch.Updates, func(u *tickgatev1.Update) bool { return u == at.update })
}

// hasGap returns the place of a gap of a reason before the update; -1 if there is none.
func (at *located) hasGap(reason tickgatev1.GapReason) int {
	return slices.IndexFunc(at.gaps, func(g *tickgatev1.Gap) bool { return g.GetReason() == reason })
}

// continues reports whether the update follows another of its subscription and epoch, as a difference.
func (at *located) continues() bool { return at.before != nil && !at.update.GetSnapshot() }

// isAlone reports whether there is such an update, and nothing else in its batch.
func (at *located) isAlone() bool { return at != nil && len(at.batch.GetUpdates()) == 1 }
