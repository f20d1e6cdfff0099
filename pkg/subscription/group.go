package subscription

import (
	"slices"
	"time"
)

// flushGroup is the set of lanes of one connection that have the same interval, and so are due at the same moments.
type flushGroup struct {
	// Immutable.
	conn     *Conn
	interval time.Duration

	// Owned by the worker.
	lanes []*lane
}

// slot is what due moments are multiples of, so that a worker wakes once for all connections that are due about now. With a thousand connections at 100 ms it would
// else sleep and wake ten thousand times a second, which cost more than what it does each time (docs/adr/0011).
const slot = 2 * time.Millisecond

// nextDue returns the first due moment of the group's grid after now, both since the hub's start. The grid begins there plus the connection's phase.
func (g *flushGroup) nextDue(now time.Duration) time.Duration {
	offset := time.Duration(g.conn.phase * float64(g.interval)).Truncate(slot)
	elapsed := now - offset
	periods := elapsed / g.interval
	if elapsed >= 0 || elapsed%g.interval == 0 { // the quotient is rounded towards 0
		periods++
	}
	return offset + periods*g.interval
}

// schedule is a binary heap of groups by due moment. The moments stand in the heap itself: there are as many groups as connections, and to look each of them
// up in its group would miss the processor's cache a dozen times per batch.
type schedule []scheduled

type scheduled struct {
	due   time.Duration // since the hub's start
	group *flushGroup
}

func (h *schedule) add(due time.Duration, g *flushGroup) {
	*h = append(*h, scheduled{due, g})
	h.rise(len(*h) - 1)
}

// postpone gives the first group its next moment.
func (h schedule) postpone(due time.Duration) {
	h[0].due = due
	h.sink(0)
}

// remove takes a group out. It looks for it, which is rare enough: connections end less often than they are due.
func (h *schedule) remove(g *flushGroup) {
	list := *h
	at := slices.IndexFunc(list, func(s scheduled) bool { return s.group == g })
	last := len(list) - 1
	list[at] = list[last]
	list[last] = scheduled{}
	*h = list[:last]
	if at < last {
		h.rise(at)
		h.sink(at)
	}
}

// rise moves an entry up to where no later one is above it.
func (h schedule) rise(i int) {
	for i > 0 {
		above := (i - 1) / 2
		if h[above].due <= h[i].due {
			return
		}
		h[above], h[i] = h[i], h[above]
		i = above
	}
}

// sink moves an entry down to where no earlier one is below it.
func (h schedule) sink(i int) {
	for {
		below := 2*i + 1
		if below >= len(h) {
			return
		}
		if right := below + 1; right < len(h) && h[right].due < h[below].due {
			below = right
		}
		if h[i].due <= h[below].due {
			return
		}
		h[i], h[below] = h[below], h[i]
		i = below
	}
}
