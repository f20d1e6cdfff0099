package client

import (
	"testing"
	"time"
)

// TestAcknowledgesWhatTheApplicationHasTaken and, when that takes long, what the Book has taken in its place.
func TestAcknowledgesWhatTheApplicationHasTaken(t *testing.T) {
	const bound = 400 * time.Millisecond
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	var a acknowledgements
	want := func(ms int, taken, acknowledged uint64, wait time.Duration) {
		t.Helper()
		if got, again := a.due(taken, bound, at(ms)); got != acknowledged || again != wait {
			t.Errorf("after %d ms with %d taken: %d is acknowledged, and again in %v, want %d and %v", ms, taken, got, again, acknowledged, wait)
		}
	}
	a.arrived(batchMark{1, 11, at(0)})
	want(0, 10, 0, 100*time.Millisecond)
	want(10, 11, 1, 0)
	want(20, 11, 0, 0)
	a.arrived(batchMark{2, 12, at(30)})
	a.arrived(batchMark{3, 13, at(60)})
	want(60, 11, 0, 70*time.Millisecond) // the application is busy
	want(130, 11, 2, 30*time.Millisecond)
	want(160, 11, 3, 0)
	for sequence := uint64(4); sequence <= 20; sequence++ {
		a.arrived(batchMark{sequence, sequence + 10, at(200)})
	}
	want(200, 20, 9, 100*time.Millisecond) // the later ones share a mark
	want(210, 30, 0, 15*time.Millisecond)  // not so soon after the last one
	want(225, 30, 20, 0)
}

// TestMarksAreFew, whatever the rate of batches.
func TestMarksAreFew(t *testing.T) {
	var a acknowledgements
	began := time.Now()
	for i := range 100_000 {
		a.arrived(batchMark{uint64(i + 1), uint64(i + 1), began.Add(time.Duration(i) * 10 * time.Microsecond)})
	}
	if most := int(time.Second/markEvery) + acksAtOnce + 1; len(a.open) > most {
		t.Errorf("%d marks for a second, want %d at most", len(a.open), most)
	}
	if last := a.open[len(a.open)-1]; last.sequence != 100_000 {
		t.Errorf("the last mark is %+v", last)
	}
}
