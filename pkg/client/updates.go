package client

import (
	"iter"
	"time"
)

// event is what has happened to a ticker.
type event struct {
	changed  Changes
	isUpdate bool   // feed events came with it: the newest, and those merged
	merged   uint64 // of them, beside the newest
	missing  uint64
	gap      GapReason
}

// waiter is what the application has not taken yet of a symbol: all of it in one, or with AllEvents one thing in each.
type waiter struct {
	entry     *entry
	kept      *Ticker // as it was then, where each event counts; nil: the entry's when it is taken
	next      *waiter // the same entry's next; of one that is spare, the next spare one
	arrival   uint64  // of the batch that the first of it came with
	since     time.Time
	hasUpdate bool
	what      event
}

// noteLocked has an event wait for the application: with what waits already of the symbol, unless each event counts and there is room.
func (b *Book) noteLocked(e *entry, what event) {
	b.noted = true
	w := e.newest
	switch {
	case w == nil:
		w = b.waitLocked(e)
	case e.everyEvent && w.hasUpdate && b.eventsWaiting < b.events: // so that a hole is told after the update that came before it
		w = b.waitLocked(e)
	}
	if w.hasUpdate && what.isUpdate {
		w.add(event{merged: 1}, e.everyEvent) // what was the newest event so far
	}
	w.add(what, false)
	w.hasUpdate = w.hasUpdate || what.isUpdate
	if w.kept != nil {
		*w.kept = e.ticker
	}
}

// add adds what happened. Where each event counts, those that the application was too slow for are not merged but missing, as they are when the gateway has no room for them.
func (w *waiter) add(what event, tooSlow bool) {
	w.what.changed |= what.changed
	w.what.missing += what.missing
	switch {
	case tooSlow:
		w.what.missing += what.merged
		if w.what.gap == 0 {
			w.what.gap = GapSlow
		}
	default:
		w.what.merged += what.merged
	}
	if what.gap != 0 {
		w.what.gap = what.gap
	}
}

// waitLocked puts a waiter of an entry into the queue.
func (b *Book) waitLocked(e *entry) *waiter {
	w := &e.own
	if e.everyEvent {
		w = b.spareLocked()
		w.since = b.now
		b.eventsWaiting++
	}
	w.entry, w.arrival = e, b.arrival
	if e.newest != nil {
		e.newest.next = w
	}
	e.newest = w
	b.waiting.push(w)
	return w
}

// mostSpare is how many waiters are kept for the next burst of events.
const mostSpare = 256

func (b *Book) spareLocked() *waiter {
	w := b.spare
	if w == nil {
		return &waiter{kept: new(Ticker)}
	}
	b.spare, w.next = w.next, nil
	b.spares--
	return w
}

// doneLocked takes a waiter, which has left the queue, from its entry.
func (b *Book) doneLocked(w *waiter) {
	e := w.entry
	if e.newest == w {
		e.newest = nil
	}
	if w == &e.own {
		e.own = waiter{}
		return
	}
	b.eventsWaiting--
	*w = waiter{kept: w.kept}
	if b.spares < mostSpare {
		w.next, b.spare = b.spare, w
		b.spares++
	}
}

// next takes the first update that waits, and says that the one before was dealt with; false: there is none.
func (b *Book) next(u *Update) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.unlock()
	b.inHand = 0
	for w := b.waiting.pop(); w != nil; w = b.waiting.pop() {
		switch {
		case w.entry.gone:
			b.doneLocked(w)
			continue
		case w.next != nil && (w.kept == nil || b.patience > 0 && now.Sub(w.since) > b.patience): // it is not worth telling any more
			w.foldInto(w.next)
			b.doneLocked(w)
			continue
		}
		b.handLocked(w, u, now)
		b.doneLocked(w)
		return true
	}
	return false
}

// foldInto gives what a waiter has to the one after it.
func (w *waiter) foldInto(after *waiter) {
	lost := event{changed: w.what.changed, missing: w.what.missing, gap: w.what.gap}
	if w.hasUpdate {
		lost.missing += 1 + w.what.merged
		if lost.gap == 0 {
			lost.gap = GapSlow
		}
	}
	if after.what.gap != 0 {
		lost.gap = 0 // the later one is told
	}
	after.add(lost, false)
	after.arrival = min(after.arrival, w.arrival)
}

// handLocked gives what waits to the application.
func (b *Book) handLocked(w *waiter, u *Update, now time.Time) {
	ticker := w.kept
	if ticker == nil {
		ticker = &w.entry.ticker
	}
	u.Ticker = *ticker
	u.Changed, u.Merged, u.MissingNow, u.GapReason = w.what.changed, w.what.merged, w.what.missing, w.what.gap
	b.inHand = w.arrival
	if w.hasUpdate && u.Changed&IsSnapshot == 0 { // a snapshot may be of long ago
		b.latency.mu.Lock()
		b.latency.recordLocked(StageApplication, now.Sub(u.Received).Nanoseconds())
		b.latency.recordLocked(StageEndToEnd, now.UnixNano()-u.RecvTime.UnixNano())
		b.latency.mu.Unlock()
	}
}

// Updates returns what changes, as the application takes it, until the client is closed. The first update of a symbol is a snapshot.
func (c *Client) Updates() iter.Seq[Update] {
	return func(yield func(Update) bool) {
		c.book.consume(+1)
		defer c.book.consume(-1)
		var u Update
		for {
			select {
			case <-c.done:
				return
			default:
			}
			if !c.book.next(&u) {
				select {
				case <-c.book.wake:
					continue
				case <-c.done:
					return
				}
			}
			if !yield(u) {
				return
			}
		}
	}
}

// queue is first in, first out.
type queue struct {
	items []*waiter
	head  int
}

func (q *queue) push(w *waiter) { q.items = append(q.items, w) }

// first returns what pop will; nil: nothing waits.
func (q *queue) first() *waiter {
	if q.head == len(q.items) {
		return nil
	}
	return q.items[q.head]
}

func (q *queue) pop() *waiter {
	w := q.first()
	if w == nil {
		return nil
	}
	q.items[q.head] = nil
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
	case q.head > len(q.items)/2: // half of it is taken: move the rest to the front
		left := copy(q.items, q.items[q.head:])
		clear(q.items[left:])
		q.items, q.head = q.items[:left], 0
	}
	return w
}
