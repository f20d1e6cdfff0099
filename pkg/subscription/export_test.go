package subscription

// ReadyCount returns how many entries the session's list of what to send has. The session's worker must be idle.
func ReadyCount(s *Session) int { return len(s.ready) }

// Traces returns what a hub without sessions must not hold: due groups, watched symbols, sessions. Its workers must have ended.
func Traces(h *Hub) (groups, watched, sessions int) {
	for _, w := range h.workers {
		groups += len(w.schedule)
		sessions += len(w.sessions)
		for _, symbol := range w.watched {
			if symbol != nil {
				watched++
			}
		}
	}
	for _, symbol := range h.table.symbols {
		if symbol.pushedTo.Load() != 0 {
			watched++
		}
	}
	return groups, watched, sessions
}
