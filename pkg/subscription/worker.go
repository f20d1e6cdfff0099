package subscription

import (
	"context"
	"sync/atomic"
	"time"
)

// worker serves the sessions of some connections. Everything without a note is owned by its goroutine.
type worker struct {
	// Immutable after newWorker.
	index  int
	hub    *Hub
	config *Config
	wake   chan struct{} // of one; sent to by whoever has work, received by the worker, never closed

	// Written by others, taken by the worker.
	dirty         *dirtySet
	statesChanged atomic.Bool
	returned      returnStack
	mailbox       mailbox

	sessions   []*Session // in no order; each knows its place
	watched    []*Symbol  // by id: symbols with pushed subscriptions here
	schedule   schedule
	round      []*Conn // connections with sessions that have a turn in this round
	posts      []func()
	again      bool // something came up during the round that no wake-up stands for
	nextCare   time.Time
	carePart   int // of the sessions, that is looked after next: 0 to careParts-1
	nextStates time.Time

	builder builder
	stats   workerStats
}

// statesPause is the least time between two looks at the states of all subscriptions; it bounds what a flood of changes costs, and stays far below
// the two seconds within which a stale value must be told.
const statesPause = 10 * time.Millisecond

func newWorker(index int, h *Hub) *worker {
	ids := h.table.config.MaxSymbols + 1
	return &worker{
		index:    index,
		hub:      h,
		config:   &h.config,
		wake:     make(chan struct{}, 1),
		dirty:    newDirtySet(ids),
		watched:  make([]*Symbol, ids),
		nextCare: h.started.Add(h.config.Housekeeping / careParts),
	}
}

// signal wakes the worker; it never blocks.
func (w *worker) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) run(ctx context.Context) {
	defer w.end()
	timer := time.NewTimer(w.config.Housekeeping)
	defer timer.Stop()
	for {
		now := w.config.Now()
		w.takeReturned()
		w.takePosts()
		w.takeDirty()
		w.takeDue(now)
		w.takeStates(now)
		w.takeCare(now)
		w.serveRound()
		if w.again {
			w.again = false
			if ctx.Err() == nil {
				continue
			}
		}
		timer.Reset(w.untilNext())
		select {
		case <-w.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *worker) untilNext() time.Duration {
	next := w.nextCare
	if len(w.schedule) > 0 {
		if due := w.hub.started.Add(w.schedule[0].due); due.Before(next) {
			next = due
		}
	}
	if w.statesChanged.Load() && w.nextStates.Before(next) {
		next = w.nextStates
	}
	return max(0, next.Sub(w.config.Now()))
}

// takeReturned gives a turn to the sessions whose messages have all left and that have waited for it.
func (w *worker) takeReturned() {
	for s := w.returned.takeAll(); s != nil; {
		next := s.nextReturned
		s.nextReturned = nil
		if s.acceptReturn() {
			w.giveTurn(s)
		}
		s = next
	}
}

func (w *worker) takeDirty() {
	w.dirty.take(func(id uint32) {
		symbol := w.watched[id]
		if symbol == nil { // unwatched since
			return
		}
		for _, sub := range symbol.watchers[w.index] {
			sub.lane.session.markReady(sub)
		}
	})
}

func (w *worker) takeDue(now time.Time) {
	elapsed := now.Sub(w.hub.started)
	for len(w.schedule) > 0 && w.schedule[0].due <= elapsed {
		g := w.schedule[0].group
		next := g.nextDue(elapsed)
		moment := w.hub.started.Add(next - g.interval) // the newest that has passed
		for _, l := range g.lanes {
			l.takeDue(now, moment)
		}
		w.schedule.postpone(next)
	}
}

// takeStates gives a turn to every session that may have a state to tell. It looks at every subscription, so it waits a little between two rounds: when
// ten thousand symbols change one by one, they are told in a few.
func (w *worker) takeStates(now time.Time) {
	if now.Before(w.nextStates) || !w.statesChanged.Swap(false) {
		return
	}
	w.nextStates = now.Add(statesPause)
	for _, s := range w.sessions {
		s.statesUntold = true
		w.giveTurn(s)
	}
}

// careParts is in how many parts a worker looks after its sessions. In one go, 25,000 of them would hold up what is due for some 7 ms.
const careParts = 16

func (w *worker) takeCare(now time.Time) {
	if now.Before(w.nextCare) {
		return
	}
	w.nextCare = now.Add(w.config.Housekeeping / careParts)
	from, to := len(w.sessions)*w.carePart/careParts, len(w.sessions)*(w.carePart+1)/careParts
	for _, s := range w.sessions[from:to] {
		s.sink.Care(now)
	}
	w.carePart = (w.carePart + 1) % careParts
	if w.carePart == 0 && w.config.AfterCare != nil {
		w.config.AfterCare(w.index)
	}
}

// admit has the worker serve the session from now on.
func (w *worker) admit(s *Session) {
	w.sessions = append(w.sessions, s)
	s.seat = len(w.sessions)
}

// dismiss undoes admit. The last session takes the place of the one that goes; housekeeping may pass it over once for that.
func (w *worker) dismiss(s *Session) {
	if s.seat == 0 {
		return
	}
	last := len(w.sessions) - 1
	moved := w.sessions[last]
	w.sessions[s.seat-1], w.sessions[last] = moved, nil
	moved.seat, s.seat = s.seat, 0
	w.sessions = w.sessions[:last]
}

// giveTurn gives the session a turn in this round.
func (w *worker) giveTurn(s *Session) {
	if s.inRound || s.closed {
		return
	}
	s.inRound = true
	c := s.conn
	if len(c.waiting) == 0 {
		w.round = append(w.round, c)
	}
	c.waiting = append(c.waiting, s)
}

// serveRound gives the sessions their turns, those of one connection one after the other, so that their messages leave together.
func (w *worker) serveRound() {
	for i := 0; i < len(w.round); i++ {
		c := w.round[i]
		for j := 0; j < len(c.waiting); j++ {
			s := c.waiting[j]
			if !s.closed {
				s.turn()
			}
			s.inRound = false // only now: what a turn brings up it serves itself, or asks for another with wantTurn
			c.waiting[j] = nil
		}
		c.waiting = c.waiting[:0]
		w.round[i] = nil
	}
	w.round = w.round[:0]
}
