package subscription

import "time"

// flushGroup is the set of lanes of one connection that have the same interval, and so are due at the same moments.
type flushGroup struct {
	// Immutable.
	conn     *Conn
	interval time.Duration

	// Owned by the worker.
	due   time.Time // next moment
	lanes []*lane
	index int // in the worker's heap; -1 while not in it
}

// nextDue returns the first due moment of the group's grid after now. The grid begins at the hub's start plus the connection's phase.
func (g *flushGroup) nextDue(start, now time.Time) time.Time {
	offset := time.Duration(g.conn.phase * float64(g.interval))
	elapsed := now.Sub(start) - offset
	periods := elapsed / g.interval
	if elapsed >= 0 || elapsed%g.interval == 0 { // the quotient is rounded towards 0
		periods++
	}
	return start.Add(offset + periods*g.interval)
}

// schedule is a binary heap of groups by due moment.
type schedule []*flushGroup

func (h schedule) Len() int           { return len(h) }
func (h schedule) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h schedule) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push and Pop are for container/heap.
func (h *schedule) Push(x any) {
	g := x.(*flushGroup)
	g.index = len(*h)
	*h = append(*h, g)
}

// Pop removes the last element.
func (h *schedule) Pop() any {
	old := *h
	last := len(old) - 1
	g := old[last]
	old[last] = nil
	g.index = -1
	*h = old[:last]
	return g
}
