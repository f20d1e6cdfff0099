package subscription

import (
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func TestDirtySetAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.IntRange(1, 10_000).Draw(t, "ids")
		d := newDirtySet(ids)
		model := map[uint32]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := uint32(rapid.IntRange(0, ids-1).Draw(t, "id"))
				if changed := d.add(id); changed == model[id] {
					t.Fatalf("add(%d) = %v, but it was there: %v", id, changed, model[id])
				}
				model[id] = true
			},
			"take": func(t *rapid.T) {
				got := map[uint32]bool{}
				d.take(func(id uint32) {
					if got[id] {
						t.Fatalf("%d was taken twice", id)
					}
					got[id] = true
				})
				if !maps.Equal(got, model) {
					t.Fatalf("took %v, want %v", got, model)
				}
				clear(model)
			},
		})
	})
}

// Nothing that is published may be missed: after the last take, every id's published value was seen.
func TestDirtySetUnderStress(t *testing.T) {
	const ids, publishers, rounds = 200, 3, 30_000
	d := newDirtySet(ids)
	var values [ids]atomic.Uint64
	var publishing sync.WaitGroup
	for p := range publishers {
		publishing.Go(func() {
			for i := range rounds {
				id := uint32((i*7 + p*61) % ids)
				values[id].Add(1) // what add announces
				d.add(id)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		publishing.Wait()
		close(done)
	}()
	var seen [ids]uint64
	see := func(id uint32) { seen[id] = values[id].Load() }
	for publishing := true; publishing; {
		select {
		case <-done:
			publishing = false
		default:
			runtime.Gosched()
		}
		d.take(see) // also once after the end
	}
	for id := range values {
		if got, want := seen[id], values[id].Load(); got != want {
			t.Errorf("id %d was last seen at %d, want %d", id, got, want)
		}
	}
}
