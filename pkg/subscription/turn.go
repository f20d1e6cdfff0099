package subscription

import "time"

// turn lets the session say what it has to say, in this order: answers, states, updates. Whatever cannot be handed over now stays where it is, and
// the session gets another turn when its messages have left.
func (s *Session) turn() {
	for len(s.urgent) > 0 && s.CanHand() {
		f := s.urgent[0]
		s.urgent = s.urgent[1:]
		f()
	}
	if s.command != nil && s.CanHand() {
		command := s.command
		s.command = nil
		command()
		s.dropWithdrawn()
		s.ran <- struct{}{}
	}
	if s.closed { // by its own command
		return
	}
	if s.statesUntold && s.CanHand() {
		s.statesUntold = !s.tellStates()
	}
	if len(s.ready) > 0 {
		s.sendReady()
	}
	// A session held by acknowledgement gets its turn from the next acknowledgement.
	if len(s.urgent) > 0 || s.command != nil || s.statesUntold || len(s.ready) > 0 && s.held != HeldByAcknowledgement {
		s.wantTurn()
	}
}

// CanHand reports whether one more message can be handed to the transport without blocking. Only sinks and commands call it.
func (s *Session) CanHand() bool { return s.bytesInFlight.Load() < maxBytesInFlight }

// wantTurn asks for a turn when the messages in flight have left.
func (s *Session) wantTurn() {
	if s.inFlight.want() == allLeft {
		s.worker.again = true // nobody will signal
	}
}

// sendReady sends one batch of what is ready, if the previous one has left and the client's acknowledgements allow it.
func (s *Session) sendReady() {
	now := s.worker.config.Now()
	if s.batchOut {
		s.worker.stats.busySkips.Add(1)
		s.hold(HeldByTransport, now)
		return
	}
	if s.freshness.blocked(s.lastBatch, now) {
		s.hold(HeldByAcknowledgement, now)
		return
	}
	s.held = 0
	b := &s.worker.builder
	b.begin(s, now)
	served := 0
	for _, sub := range s.ready {
		if b.add(sub) == blocked {
			break
		}
		sub.ready = false
		served++
	}
	rest := copy(s.ready, s.ready[served:])
	clear(s.ready[rest:])
	s.ready = s.ready[:rest]
	b.finish()
}

// hold notes that updates are held back, and since when.
func (s *Session) hold(cause HeldCause, now time.Time) {
	if s.held == 0 {
		s.heldSince = now
	}
	s.held = cause
}

// Held returns what holds the session's updates back, 0 for nothing, and since when. Only its sink calls it.
func (s *Session) Held() (HeldCause, time.Time) { return s.held, s.heldSince }

// tellStates tells every state that the client does not know, in one message where all are the same. It reports false if some are left.
func (s *Session) tellStates() bool {
	untold, common := s.untoldStates()
	if untold > 1 && common != nil {
		s.sink.SendState(nil, common)
		for _, sub := range s.subscriptions.list {
			sub.told = common
		}
		return true
	}
	for _, sub := range s.subscriptions.list {
		if untold == 0 {
			break
		}
		state := sub.symbol.State()
		if !sub.untold(state) {
			continue
		}
		if !s.CanHand() {
			return false
		}
		s.sink.SendState(sub.symbol, state)
		sub.told = state
		untold--
	}
	return true
}

// untoldStates counts them, and returns the state that may be told of every subscription in one message, or nil.
func (s *Session) untoldStates() (untold int, common *State) {
	together := true
	for _, sub := range s.subscriptions.list {
		state := sub.symbol.State()
		if common == nil {
			common = state
		}
		if sub.untold(state) {
			untold++
		} else if state.Market != sub.told.Market { // it has to wait for its value
			together = false
		}
		together = together && state == common
	}
	if !together {
		common = nil
	}
	return untold, common
}

// untold reports whether the state is to be told by itself. A symbol that is pending, or that comes back to life with a value the client does
// not have yet, is told together with that value, not before it: else the old value would pass for a live one.
func (sub *subscription) untold(state *State) bool {
	if state == sub.told || sub.told.Market == Pending || state.Market == sub.told.Market && state.Reason == sub.told.Reason {
		return false
	}
	return state.Market != Live || sub.symbol.Position() <= sub.lastPosition
}
