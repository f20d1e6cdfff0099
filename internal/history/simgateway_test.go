package history_test

import (
	"time"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

type simState = tickgatev1.MarketState

const (
	live    = tickgatev1.MarketState_MARKET_STATE_LIVE
	stale   = tickgatev1.MarketState_MARKET_STATE_STALE
	pending = tickgatev1.MarketState_MARKET_STATE_PENDING

	latest   = tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST
	interval = tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL
	none     = tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE
)

// session is the gateway's side of the simulated stream.
type session struct {
	inbox         []*tickgatev1.ClientMessage
	subscriptions []*simSubscription // in the order of subscription
	batch         *tickgatev1.Batch  // being built; nil: none
	batches       uint64
}

type simSubscription struct {
	m          *market
	kinds      simKinds
	conflation *tickgatev1.Conflation

	last       *record // last one sent, or from which it resumed
	isResumed  bool    // asked to, and nothing sent yet
	cannotFind bool    // the point from which to resume
	scales     tick.Scales
	epoch      uint64
	told       simState
	nextDue    int64
}

func (s *session) find(name string) (int, *simSubscription) {
	for i, sub := range s.subscriptions {
		if sub.m.name == name {
			return i, sub
		}
	}
	return -1, nil
}

// flush sends what is due of some of the subscriptions.
func (s *sim) flush(subs []*simSubscription) {
	for _, sub := range subs {
		newest := sub.m.newest()
		if newest == nil || s.now < sub.nextDue || sub.last != nil && sub.last.position == newest.position && !sub.cannotFind {
			continue
		}
		s.flushOne(sub, newest)
	}
	s.endBatch()
}

func (s *sim) flushOne(sub *simSubscription, newest *record) {
	if sub.last == nil || sub.conflation.Policy != none || sub.last.epoch != newest.epoch || sub.cannotFind {
		s.send(sub, newest)
		return
	}
	next := sub.last.position + 1
	if oldest := sub.m.oldest(); next < oldest {
		next = oldest
		r := &sub.m.records[next]
		between := r.sequence - sub.last.sequence - 1
		feed := r.missing - sub.last.missing
		s.gap(sub, r, tickgatev1.GapReason_GAP_REASON_LAPPED, between-feed)
		s.gapOfFeed(sub, r)
		s.sendUpdate(sub, r, 0)
		next++
	}
	for ; next < len(sub.m.records); next++ {
		if r := &sub.m.records[next]; sub.kinds[r.kind] {
			s.send(sub, r)
		}
	}
}

// send sends one update with what must be said before it, unless none of the subscribed kinds has changed.
func (s *sim) send(sub *simSubscription, r *record) {
	switch {
	case sub.cannotFind:
		s.gap(sub, nil, tickgatev1.GapReason_GAP_REASON_RESUME, 0)
		sub.last = nil
	case sub.last == nil:
	case sub.last.epoch != r.epoch:
		s.gap(sub, nil, tickgatev1.GapReason_GAP_REASON_EPOCH, 0)
		sub.last = nil
	case !s.concerns(sub, r):
		return
	default:
		s.gapOfFeed(sub, r)
		s.sendUpdate(sub, r, r.sequence-sub.last.sequence-1-(r.missing-sub.last.missing))
		return
	}
	s.sendUpdate(sub, r, 0)
}

func (s *sim) concerns(sub *simSubscription, r *record) bool {
	for i := sub.last.position + 1; i <= r.position; i++ {
		if sub.kinds[sub.m.records[i].kind] {
			return true
		}
	}
	return false
}

func (s *sim) gapOfFeed(sub *simSubscription, r *record) {
	if missing := r.missing - sub.last.missing; missing > 0 {
		s.gap(sub, r, tickgatev1.GapReason_GAP_REASON_FEED, missing)
	}
}

// gap announces that events before r are missing; r is nil where numbers are not known.
func (s *sim) gap(sub *simSubscription, r *record, reason tickgatev1.GapReason, missing uint64) {
	g := &tickgatev1.Gap{Symbol: sub.m.name, Reason: reason, Missing: missing}
	if r != nil {
		g.From, g.To = sub.last.sequence+1, r.sequence-1
	}
	s.endBatch()
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Gap{Gap: g}})
}

func (s *sim) sendUpdate(sub *simSubscription, r *record, conflated uint64) {
	u := snapshotOf(r, sub.kinds)
	if sub.last != nil {
		u = differenceOf(sub.last, r, sub.kinds)
	}
	u.InstrumentId, u.Conflated, u.RecvAge = sub.m.id, uint32(conflated), uint64(s.now-r.received)
	s.announce(sub, r)
	s.openBatch().Updates = append(s.openBatch().Updates, u)
	sub.last, sub.isResumed, sub.cannotFind = r, false, false
	sub.nextDue = 0
	if sub.conflation.Policy == interval {
		sub.nextDue = s.now + sub.conflation.IntervalMs*int64(time.Millisecond)
	}
	s.held[sub.m.name] = &tickgatev1.Resume{Symbol: sub.m.name, Epoch: r.epoch, LastSequence: r.sequence}
}

// announce says anew what the instrument is, if that changed, before the batch's first update of the symbol.
func (s *sim) announce(sub *simSubscription, r *record) {
	if sub.scales == r.scales && sub.epoch == r.epoch && sub.told == sub.m.state {
		return
	}
	s.endBatch()
	sub.scales, sub.epoch, sub.told = r.scales, r.epoch, sub.m.state
	s.openBatch().Instruments = append(s.openBatch().Instruments, sub.instrument())
}

func (sub *simSubscription) instrument() *tickgatev1.Instrument {
	return &tickgatev1.Instrument{
		Symbol: sub.m.name, Id: sub.m.id, State: sub.told, Epoch: sub.epoch,
		PriceScale: uint32(sub.scales.Price), SizeScale: uint32(sub.scales.Size), TurnoverScale: uint32(sub.scales.Turnover),
	}
}

func (s *sim) openBatch() *tickgatev1.Batch {
	if s.session.batch == nil {
		s.session.batches++
		s.session.batch = &tickgatev1.Batch{TsSend: s.now, StreamSequence: s.session.batches}
	}
	return s.session.batch
}

func (s *sim) endBatch() {
	if b := s.session.batch; b != nil {
		s.session.batch = nil
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: b}})
	}
}

// enter changes the state of a market and tells the client.
func (s *sim) enter(m *market, state simState) {
	m.state = state
	if s.session == nil {
		return
	}
	if _, sub := s.session.find(m.name); sub != nil && sub.told != pending && sub.told != state {
		sub.told = state
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_State{State: &tickgatev1.State{
			Symbol: m.name, State: state, Since: s.now,
		}}})
	}
}
