package longpoll

import "sync"

// table has the newest message of each symbol, and who waits for the next.
type table struct {
	mu sync.Mutex

	// Guarded by mu.
	version uint64 // of the newest message of all
	entries map[string]*entry
}

type entry struct {
	version uint64
	message []byte
	waiting map[chan struct{}]struct{} // of one; publish sends, the request receives, nobody closes it
}

func newTable() *table { return &table{entries: make(map[string]*entry)} }

func (t *table) entryLocked(symbol string) *entry {
	e := t.entries[symbol]
	if e == nil {
		e = &entry{waiting: make(map[chan struct{}]struct{})}
		t.entries[symbol] = e
	}
	return e
}

func (t *table) publish(symbol string, message []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.version++
	e := t.entryLocked(symbol)
	e.version, e.message = t.version, message
	for wake := range e.waiting {
		select {
		case wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

// value is one symbol's newest message.
type value struct {
	slot    int
	message []byte
}

// newer returns what is newer than the cursor, and the next cursor. If there is nothing, wake is told when there is, until forget.
func (t *table) newer(symbols []string, after uint64, wake chan struct{}) (values []value, cursor uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for slot, symbol := range symbols {
		if e := t.entryLocked(symbol); e.version > after {
			values = append(values, value{slot, e.message})
		}
	}
	if len(values) > 0 {
		return values, t.version
	}
	for _, symbol := range symbols {
		t.entryLocked(symbol).waiting[wake] = struct{}{}
	}
	return nil, after
}

func (t *table) forget(symbols []string, wake chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, symbol := range symbols {
		delete(t.entryLocked(symbol).waiting, wake)
	}
}
