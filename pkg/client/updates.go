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

// waiter is an update that the application has not taken yet.
type waiter struct {
	entry     *entry
	update    Update // its Ticker only where each event counts; else it is the entry's when it is taken
	hasUpdate bool
	event     bool // one of a symbol whose every event counts
}

// noteLocked has an event wait for the application: with what waits already of the symbol, unless each event counts and there is room.
func (b *Book) noteLocked(e *entry, what event) {
	if w := e.newest; w == nil || e.everyEvent && what.isUpdate && w.hasUpdate && b.eventsWaiting < b.events {
		e.newest = &waiter{entry: e, event: e.everyEvent}
		b.waiting.push(e.newest)
		if e.everyEvent {
			b.eventsWaiting++
		}
	}
	w := e.newest
	w.update.Changed |= what.changed
	w.update.Merged += what.merged
	if what.isUpdate {
		if w.hasUpdate {
			w.update.Merged++ // what was the newest event so far
		}
		w.hasUpdate = true
	}
	w.update.MissingNow += what.missing
	if what.gap != 0 {
		w.update.GapReason = what.gap
	}
	w.update.Ticker = Ticker{} // the newest is what counts
	if e.everyEvent {
		w.update.Ticker = e.ticker
	}
	signal(b.wake)
}

// next takes the first update that waits; false: there is none.
func (b *Book) next() (u Update, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		w := b.waiting.pop()
		if w == nil {
			return Update{}, false
		}
		if w.entry.newest == w {
			w.entry.newest = nil
		}
		if w.event {
			b.eventsWaiting--
		}
		if w.entry.gone {
			continue
		}
		u = w.update
		if u.Symbol == "" { // not kept: the newest is what counts
			u.Ticker = w.entry.ticker
		}
		if w.hasUpdate && u.Changed&IsSnapshot == 0 { // a snapshot may be of long ago
			now := time.Now()
			b.latency.record(StageApplication, now.Sub(u.Received).Nanoseconds())
			b.latency.record(StageEndToEnd, now.UnixNano()-u.RecvTime.UnixNano())
		}
		return u, true
	}
}

// Updates returns what changes, as the application takes it, until the client is closed. The first update of a symbol is a snapshot.
func (c *Client) Updates() iter.Seq[Update] {
	return func(yield func(Update) bool) {
		for {
			select {
			case <-c.done:
				return
			default:
			}
			u, ok := c.book.next()
			if !ok {
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

func (q *queue) pop() *waiter {
	if q.head == len(q.items) {
		return nil
	}
	w := q.items[q.head]
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
