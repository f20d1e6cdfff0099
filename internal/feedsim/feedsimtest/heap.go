package feedsimtest

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"tickgate/internal/feedsim"
)

// looks is how often the heap is looked at.
const looks = 10

// Heap reads a source of so many rows to its end and returns how many bytes of the heap were in use at most, those of the test too, looked at after a collection ten times on the way.
func Heap(t testing.TB, open func() (feedsim.Source, error), rows int) (most int64) {
	t.Helper()
	source, err := open()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for ; ; read++ {
		if _, err := source.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if read%(rows/looks) == rows/looks-1 {
			most = max(most, inUse())
		}
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	if read != rows {
		t.Fatalf("%d rows, want %d", read, rows)
	}
	return most
}

func inUse() int64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool holds goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
