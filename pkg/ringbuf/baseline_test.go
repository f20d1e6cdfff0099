package ringbuf_test

import (
	"sync"

	"tickgate/pkg/tick"
)

// What one would write without this package, for the benchmarks to compare with. Both keep the newest records and drop the oldest.

// mutexRing is the same ring under a read-write lock.
type mutexRing struct {
	mu      sync.RWMutex // guards the fields below
	records []tick.Words
	head    uint64
}

func newMutexRing(depth int) *mutexRing { return &mutexRing{records: make([]tick.Words, depth)} }

func (r *mutexRing) publish(words *tick.Words) {
	r.mu.Lock()
	r.head++
	r.records[r.head%uint64(len(r.records))] = *words
	r.mu.Unlock()
}

func (r *mutexRing) latest(words *tick.Words) uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	*words = r.records[r.head%uint64(len(r.records))]
	return r.head
}

// read reports whether position was still there.
func (r *mutexRing) read(position uint64, words *tick.Words) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if position > r.head || position+uint64(len(r.records)) <= r.head {
		return false
	}
	*words = r.records[position%uint64(len(r.records))]
	return true
}

// publishToChannel is the channel's way to overwrite: take the oldest out until the newest fits. It serves one reader only; the ring
// serves any number.
func publishToChannel(records chan tick.Words, words *tick.Words) {
	for {
		select {
		case records <- *words:
			return
		default:
		}
		select {
		case <-records:
		default:
		}
	}
}
