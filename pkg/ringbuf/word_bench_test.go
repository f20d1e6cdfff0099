package ringbuf_test

import (
	"sync/atomic"
	"testing"
)

// The timed region is one atomic access to one word in cache: the price that Publish saves for a word that its slot already holds.
func BenchmarkWord(b *testing.B) {
	var word atomic.Uint64
	b.Run("store", func(b *testing.B) {
		for i := range b.N {
			word.Store(uint64(i))
		}
	})
	b.Run("load", func(b *testing.B) {
		var sum uint64
		for range b.N {
			sum += word.Load()
		}
		if sum == 1 {
			b.Log("the loads are not optimised away")
		}
	})
}
