package playback

import (
	"container/heap"
	"time"

	"tickgate/pkg/tick"
)

// held is an event that waits for its turn.
type held struct {
	symbol  *Symbol
	event   tick.Event
	at      tick.Time // by which it is ordered
	stored  tick.Time
	missing uint64 // events of the symbol before it
}

// key orders events: by time, subject and sequence. Where even these are equal, which they are for no two events that sifting lets pass, by arrival.
type key struct {
	at       tick.Time
	subject  uint32 // rank of the subject among those of the playback
	sequence uint64
	slot     int32 // of the event in window.slots
}

func (k *key) before(other *key) bool {
	switch {
	case k.at != other.at:
		return k.at < other.at
	case k.subject != other.subject:
		return k.subject < other.subject
	}
	return k.sequence < other.sequence
}

// window puts events in order that stand in the recording in the order of their arrival. It lets an event go when one has arrived whose time is later by span, or when it holds more than
// limit. What it lets go depends on the recording alone, not on when or in what portions that was read.
type window struct {
	// Immutable.
	span  time.Duration
	limit int

	waiting keys
	slots   []held  // grows up to limit and what a message holds
	free    []int32 // of slots
	latest  tick.Time
	last    key     // let go last
	mode    letting // what is let go
	ready   []int32 // let go and not taken, from next on
	next    int
	late    uint64
}

// letting says what a window lets go.
type letting uint8

const (
	whatIsOld  letting = iota // what is in order for sure
	everything                // no more can come before it, or nobody wants to wait
)

func newWindow(span time.Duration, limit int) *window { return &window{span: span, limit: limit} }

// put takes an event, and lets go what has become old.
func (w *window) put(h *held, subject uint32) {
	slot := w.slot()
	w.slots[slot] = *h
	k := key{at: h.at, subject: subject, sequence: h.event.Sequence, slot: slot}
	if w.mode == whatIsOld && k.before(&w.last) {
		w.late++
	}
	w.latest = max(w.latest, h.at)
	w.waiting = append(w.waiting, k)
	heap.Fix(&w.waiting, len(w.waiting)-1) // heap.Push would allocate
	w.letGo()
}

func (w *window) slot() int32 {
	if n := len(w.free); n > 0 {
		slot := w.free[n-1]
		w.free = w.free[:n-1]
		return slot
	}
	w.slots = append(w.slots, held{})
	return int32(len(w.slots) - 1)
}

// setMode lets go what the mode allows from now on.
func (w *window) setMode(m letting) {
	w.mode = m
	w.letGo()
}

func (w *window) letGo() {
	for len(w.waiting) > 0 {
		first := &w.waiting[0]
		if w.mode != everything && first.at > w.latest-tick.Time(w.span) && len(w.waiting) <= w.limit {
			return
		}
		if w.last.before(first) {
			w.last = *first
		}
		w.ready = append(w.ready, first.slot)
		w.waiting.removeFirst()
	}
}

// peek returns the next event that was let go, nil if there is none. It is the window's until drop.
func (w *window) peek() *held {
	if w.next == len(w.ready) {
		return nil
	}
	return &w.slots[w.ready[w.next]]
}

// drop forgets the event that peek has returned.
func (w *window) drop() {
	slot := w.ready[w.next]
	w.slots[slot].symbol = nil
	w.free = append(w.free, slot)
	if w.next++; w.next == len(w.ready) {
		w.ready, w.next = w.ready[:0], 0
	}
}

// keys is the heap.
type keys []key

func (k keys) Len() int           { return len(k) }
func (k keys) Less(i, j int) bool { return k[i].before(&k[j]) }
func (k keys) Swap(i, j int)      { k[i], k[j] = k[j], k[i] }

// Push and Pop implement heap.Interface; nobody calls them.
func (k *keys) Push(any) {}
func (k *keys) Pop() any { return nil }

func (k *keys) removeFirst() {
	last := len(*k) - 1
	k.Swap(0, last)
	*k = (*k)[:last]
	if last > 0 {
		heap.Fix(k, 0)
	}
}

// subjectRank is where the subject of a kind and symbol stands among n symbols': subjects begin with the name of their kind.
func subjectRank(kind tick.Kind, s *Symbol, n int) uint32 {
	ranks := [...]uint32{tick.KindQuote: 0, tick.KindStatus: 1, tick.KindTrade: 2} // as "quote", "status", "trade" are ordered
	return ranks[kind]*uint32(n) + s.ID
}
