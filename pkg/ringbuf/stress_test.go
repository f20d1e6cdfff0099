package ringbuf_test

import (
	"runtime"
	"sync"
	"testing"

	"tickgate/pkg/ringbuf"
)

const (
	stressWidth  = 19
	stressWrites = 1_000_000
	oldestWrites = 200_000
	shortWrites  = 50_000 // under -short
)

var stressDepths = map[string]int{"shallow": ringbuf.MinDepth, "deep": 64}

// stressWord is word i of the record of position. The words of a record change at different rates, as a ticker's do, so that Publish
// skips some of the stores, and a mix of two records is found out whatever position it claims.
func stressWord(position uint64, i int) uint64 {
	return (position >> (i % 5)) * (2*uint64(i) + 1)
}

func writeStress(ring *ringbuf.Ring, writes uint64) {
	words := make([]uint64, stressWidth)
	for position := uint64(1); position <= writes; position++ {
		for i := range words {
			words[i] = stressWord(position, i)
		}
		ring.Publish(words)
		if position%1024 == 0 {
			runtime.Gosched() // two cores, more goroutines: let slow readers come to see a live ring
		}
	}
}

// torn returns the first word that does not belong to position, or -1.
func torn(words []uint64, position uint64) int {
	for i := range words {
		if words[i] != stressWord(position, i) {
			return i
		}
	}
	return -1
}

// followCursor reads every position it can and checks that nothing is missing without having been counted.
func followCursor(t *testing.T, ring *ringbuf.Ring, writes, pauseEvery uint64) {
	words := make([]uint64, stressWidth)
	var seen, missed uint64
	for next := uint64(1); next <= writes; {
		switch result := ring.Read(next, words); result.Status {
		case ringbuf.Empty:
			runtime.Gosched()
		case ringbuf.Copied:
			if i := torn(words, next); i >= 0 {
				t.Errorf("Read(%d): word %d is %d, want %d", next, i, words[i], stressWord(next, i))
				return
			}
			next++
			if seen++; pauseEvery > 0 && seen%pauseEvery == 0 {
				runtime.Gosched() // a slow reader: it is lapped again and again
			}
		case ringbuf.Lapped:
			if result.Missed == 0 || result.Oldest != next+result.Missed {
				t.Errorf("Read(%d) = %+v does not add up", next, result)
				return
			}
			next, missed = result.Oldest, missed+result.Missed
		}
	}
	if seen+missed != writes {
		t.Errorf("seen %d + missed %d = %d, written %d", seen, missed, seen+missed, writes)
	}
	t.Logf("cursor: seen %d, missed %d", seen, missed)
}

// followLatest polls the newest record until the last one is there.
func followLatest(t *testing.T, ring *ringbuf.Ring, writes uint64) {
	words := make([]uint64, stressWidth)
	polls, distinct := 0, 0
	for last := uint64(0); last < writes; polls++ {
		position := ring.Latest(words)
		if position < last {
			t.Errorf("Latest went back from %d to %d", last, position)
			return
		}
		if position == last {
			runtime.Gosched()
			continue
		}
		if i := torn(words, position); i >= 0 {
			t.Errorf("Latest = %d: word %d is %d, want %d", position, i, words[i], stressWord(position, i))
			return
		}
		last = position
		distinct++
	}
	t.Logf("latest: %d polls, %d records", polls, distinct)
}

// haunt reads the oldest position that is held, over and over: the copy that the writer is most likely to overtake.
func haunt(t *testing.T, ring *ringbuf.Ring, writes, depth uint64) {
	words := make([]uint64, stressWidth)
	copied, lapped := 0, 0
	for head := uint64(0); head < writes; head = ring.Head() {
		if head < depth {
			runtime.Gosched()
			continue
		}
		position := head - depth + 2
		if ring.Read(position, words).Status != ringbuf.Copied {
			lapped++
			continue
		}
		if i := torn(words, position); i >= 0 {
			t.Errorf("Read(%d), the oldest: word %d is %d, want %d", position, i, words[i], stressWord(position, i))
			return
		}
		copied++
	}
	t.Logf("oldest: copied %d, lapped %d", copied, lapped)
}

func writesUnlessShort(writes uint64) uint64 {
	if testing.Short() {
		return shortWrites
	}
	return writes
}

// TestStress publishes a million records under readers of every sort: seen + missed = written, and no record is torn.
func TestStress(t *testing.T) {
	writes := writesUnlessShort(stressWrites)
	for name, depth := range stressDepths {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, depth, stressWidth)
			var goroutines sync.WaitGroup
			goroutines.Go(func() { followCursor(t, ring, writes, 0) })
			goroutines.Go(func() { followCursor(t, ring, writes, 7) })
			goroutines.Go(func() { followLatest(t, ring, writes) })
			goroutines.Go(func() { followLatest(t, ring, writes) })
			goroutines.Go(func() { writeStress(ring, writes) })
			goroutines.Wait()
		})
	}
}

// TestStressOldest leaves the writer alone with a reader at the edge of its slot, the place where a ring that checks the head before the
// after it fails here within a few thousand records.
func TestStressOldest(t *testing.T) {
	writes := writesUnlessShort(oldestWrites)
	for name, depth := range stressDepths {
		t.Run(name, func(t *testing.T) {
			ring := newRing(t, depth, stressWidth)
			var goroutines sync.WaitGroup
			goroutines.Go(func() { haunt(t, ring, writes, uint64(depth)) })
			goroutines.Go(func() { writeStress(ring, writes) })
			goroutines.Wait()
		})
	}
}
