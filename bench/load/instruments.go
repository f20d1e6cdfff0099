package load

import (
	"sync"
	"sync/atomic"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// instruments is what the ids in updates stand for: the same on every stream of one server.
type instruments struct {
	byID atomic.Pointer[[]int32] // index in Plan.Symbols, or notMentioned; replaced, never changed

	// mu guards the field below, and replacing byID.
	mu      sync.Mutex
	indexes map[string]int32 // of all symbols of the plan
}

const notMentioned = -1

func newInstruments(symbols []string) *instruments {
	i := &instruments{indexes: make(map[string]int32, len(symbols))}
	for n, symbol := range symbols {
		i.indexes[symbol] = int32(n)
	}
	i.byID.Store(new([]int32))
	return i
}

// learn takes the instruments that a message announces.
func (i *instruments) learn(announced []*tickgatev1.Instrument) {
	for _, a := range announced {
		if a.Id != 0 && i.at(uint64(a.Id)) == notMentioned { // 0: not seen on the feed yet
			i.add(a)
		}
	}
}

func (i *instruments) add(a *tickgatev1.Instrument) {
	i.mu.Lock()
	defer i.mu.Unlock()
	index, ours := i.indexes[a.Symbol]
	if !ours {
		return
	}
	byID := *i.byID.Load()
	grown := make([]int32, max(len(byID), int(a.Id)+1))
	for n := copy(grown, byID); n < len(grown); n++ {
		grown[n] = notMentioned
	}
	grown[a.Id] = index
	i.byID.Store(&grown)
}

func (i *instruments) at(id uint64) int32 {
	if byID := *i.byID.Load(); id < uint64(len(byID)) {
		return byID[id]
	}
	return notMentioned
}

// slot returns the place of an instrument among a stream's symbols, or notMentioned.
func (i *instruments) slot(s *Stream, id uint64) int {
	index := i.at(id)
	if index == notMentioned {
		return notMentioned
	}
	slot := int(index) - s.first
	if slot < 0 {
		slot += len(s.Plan.Symbols)
	}
	if slot >= len(s.Symbols) {
		return notMentioned
	}
	return slot
}
