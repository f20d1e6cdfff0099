package subscription

import (
	"math/bits"
	"sync/atomic"
)

// dirtySet is a set of symbol ids in two levels of bits: publishers add, one worker takes. It never grows, never locks, and adding an id that is there
// already costs one load, so a hot symbol costs its publisher nothing while the worker is behind.
type dirtySet struct {
	words   []atomic.Uint64 // bit of each id
	summary []atomic.Uint64 // bit of each word that may not be 0
}

func newDirtySet(ids int) *dirtySet {
	words := (ids + 63) / 64
	return &dirtySet{words: make([]atomic.Uint64, words), summary: make([]atomic.Uint64, (words+63)/64)}
}

// add reports whether the set has changed, and so whether the worker may need to be woken. The publisher stores its record before it
// calls add; the worker takes the bit before it reads the record. So a record is either seen by the worker that takes an earlier bit, or has
// its own.
func (d *dirtySet) add(id uint32) bool {
	word, bit := id/64, uint64(1)<<(id%64)
	if d.words[word].Load()&bit != 0 {
		return false
	}
	d.words[word].Or(bit)
	d.summary[word/64].Or(1 << (word % 64))
	return true
}

// take removes every id and passes it to f.
func (d *dirtySet) take(f func(id uint32)) {
	for i := range d.summary {
		if d.summary[i].Load() == 0 {
			continue
		}
		for summary := d.summary[i].Swap(0); summary != 0; summary &= summary - 1 {
			word := i*64 + bits.TrailingZeros64(summary)
			for set := d.words[word].Swap(0); set != 0; set &= set - 1 {
				f(uint32(word*64 + bits.TrailingZeros64(set)))
			}
		}
	}
}
