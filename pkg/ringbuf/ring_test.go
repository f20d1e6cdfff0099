package ringbuf_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"tickgate/pkg/ringbuf"
)

func newRing(t testing.TB, depth, width int) *ringbuf.Ring {
	t.Helper()
	ring, err := ringbuf.New(depth, width)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// publishTo publishes records until head; every record of width 1 holds its position times 10.
func publishTo(ring *ringbuf.Ring, head uint64) {
	for ring.Head() < head {
		ring.Publish([]uint64{(ring.Head() + 1) * 10})
	}
}

func TestNewChecksDepth(t *testing.T) {
	for _, depth := range []int{4, 8, 1024, 1 << 20} {
		if _, err := ringbuf.New(depth, 1); err != nil {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
	for _, depth := range []int{-4, 0, 1, 2, 3, 5, 6, 1000, 1<<20 + 1, 1 << 21, -1 << 63} {
		if _, err := ringbuf.New(depth, 1); !errors.Is(err, ringbuf.ErrDepth) {
			t.Errorf("depth %d: %v, want ErrDepth", depth, err)
		}
	}
	if err := ringbuf.ValidateDepth(1000); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("ValidateDepth(1000) = %v, want an error that names the depth", err)
	}
}

func TestNewChecksWidth(t *testing.T) {
	for _, width := range []int{0, -1} {
		if _, err := ringbuf.New(4, width); err == nil || errors.Is(err, ringbuf.ErrDepth) {
			t.Errorf("width %d: %v, want an error of its own", width, err)
		}
	}
}

func TestEmptyRing(t *testing.T) {
	ring := newRing(t, 4, 1)
	words := []uint64{99}
	if head, position := ring.Head(), ring.Latest(words); head != 0 || position != 0 {
		t.Errorf("head %d, latest %d, want 0 and 0", head, position)
	}
	if got := ring.Read(1, words); got != (ringbuf.Result{Status: ringbuf.Empty}) {
		t.Errorf("Read(1) = %+v, want Empty", got)
	}
	if words[0] != 99 {
		t.Errorf("an empty ring wrote %d", words[0])
	}
}

func TestPublishCountsPositionsFromOne(t *testing.T) {
	ring := newRing(t, 4, 1)
	for want := uint64(1); want <= 9; want++ {
		if got := ring.Publish([]uint64{want}); got != want || ring.Head() != want {
			t.Fatalf("Publish = %d, head %d, want %d", got, ring.Head(), want)
		}
	}
}

// TestWorkedExample follows the example of the package documentation.
func TestWorkedExample(t *testing.T) {
	ring := newRing(t, 4, 1)
	var words [1]uint64
	read := func(position uint64, want ringbuf.Result) {
		t.Helper()
		got := ring.Read(position, words[:])
		if got != want {
			t.Errorf("head %d: Read(%d) = %+v, want %+v", ring.Head(), position, got, want)
		}
		if got.Status == ringbuf.Copied && words[0] != position*10 {
			t.Errorf("head %d: Read(%d) copied %d", ring.Head(), position, words[0])
		}
	}
	copied := ringbuf.Result{Status: ringbuf.Copied}

	publishTo(ring, 6) // readers own 4, 5, 6; the writer owns the slot of 7, which held 3
	read(3, ringbuf.Result{Status: ringbuf.Lapped, Oldest: 4, Missed: 1})
	read(4, copied)
	read(5, copied)
	read(6, copied)
	read(7, ringbuf.Result{Status: ringbuf.Empty})

	publishTo(ring, 7) // 5 >= 7-4+2
	read(5, copied)

	publishTo(ring, 8) // 5 < 8-4+2: the writer may have begun to write 9 into the slot of 5
	read(5, ringbuf.Result{Status: ringbuf.Lapped, Oldest: 6, Missed: 1})
	read(6, copied)
}

func TestRingKeepsDepthMinusOneRecords(t *testing.T) {
	for _, depth := range []uint64{4, 8, 64} {
		ring := newRing(t, int(depth), 1)
		for head := uint64(1); head <= 3*depth; head++ {
			publishTo(ring, head)
			held := uint64(0)
			for position := uint64(1); position <= head; position++ {
				if ring.Read(position, make([]uint64, 1)).Status == ringbuf.Copied {
					held++
				}
			}
			if want := min(head, depth-1); held != want {
				t.Fatalf("depth %d, head %d: %d records can be read, want %d", depth, head, held, want)
			}
		}
	}
}

// A word that repeats the slot's former one is not stored; the record must be whole all the same.
func TestPublishOfRepeatedWords(t *testing.T) {
	ring := newRing(t, 4, 3)
	var got [3]uint64
	for i := range uint64(40) {
		want := [3]uint64{7, i / 6, i % 4}
		position := ring.Publish(want[:])
		if ring.Latest(got[:]) != position || got != want {
			t.Fatalf("record %d is %v, want %v", position, got, want)
		}
	}
}

func TestRingDoesNotKeepTheCallersWords(t *testing.T) {
	ring := newRing(t, 4, 1)
	words := []uint64{1}
	ring.Publish(words)
	words[0] = 2
	if ring.Latest(words); words[0] != 1 {
		t.Fatalf("latest is %d, want what was published", words[0])
	}
}

func TestWordsOfAnotherWidthPanic(t *testing.T) {
	ring := newRing(t, 4, 2)
	ring.Publish([]uint64{1, 2})
	calls := map[string]func(words []uint64){
		"Publish": func(words []uint64) { ring.Publish(words) },
		"Latest":  func(words []uint64) { ring.Latest(words) },
		"Read":    func(words []uint64) { ring.Read(1, words) },
	}
	for name, call := range calls {
		for _, words := range [][]uint64{nil, make([]uint64, 1, 2), make([]uint64, 3)} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Errorf("%d words did not panic", len(words))
					}
				}()
				call(words)
			})
		}
	}
	if ring.Head() != 1 {
		t.Errorf("head %d: a publish that panics must not publish", ring.Head())
	}
}

// The padding rests on objects of 128 bytes being aligned to cache lines.
func TestRingTakesTwoCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(ringbuf.Ring{}); size != 128 {
		t.Fatalf("a Ring has %d bytes, want 128", size)
	}
	for range 100 {
		ring := newRing(t, 4, 1)
		if address := uintptr(unsafe.Pointer(ring)); address%64 != 0 {
			t.Fatalf("ring at %#x is not aligned to a cache line", address)
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	ring := newRing(t, 64, 19)
	words := make([]uint64, 19)
	tests := map[string]func(){
		"Publish": func() { words[0]++; ring.Publish(words) },
		"Latest":  func() { ring.Latest(words) },
		"Read":    func() { ring.Read(ring.Head(), words) },
		"Lapped":  func() { ring.Read(1, words) },
		"Empty":   func() { ring.Read(ring.Head()+1, words) },
	}
	for range 100 {
		ring.Publish(words)
	}
	for name, operation := range tests {
		if allocs := testing.AllocsPerRun(200, operation); allocs != 0 {
			t.Errorf("%s allocates %v times", name, allocs)
		}
	}
}
