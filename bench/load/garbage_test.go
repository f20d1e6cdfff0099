package load

import (
	"runtime"
	"testing"
)

var kept []byte // escapes

// TestGarbageWaitsForTheEndOfTheWindow: a generator that collects in the window is late for half a second with 50,000 streams, and blames the server.
func TestGarbageWaitsForTheEndOfTheWindow(t *testing.T) {
	const pieces, piece = 256, 1 << 20 // many times the heap of a test
	var g garbage
	g.hold()
	defer g.release()
	g.begin()
	for range pieces {
		kept = make([]byte, piece)
	}
	if n := g.since(); n != 0 {
		t.Errorf("garbage was collected %d times in the window", n)
	}
	runtime.GC()
	if n := g.since(); n != 1 {
		t.Errorf("%d collections are counted, want 1", n)
	}
	g.release()
	g.begin()
	for range pieces {
		kept = make([]byte, piece)
	}
	if g.since() == 0 {
		t.Error("after the window garbage is not collected any more")
	}
}
