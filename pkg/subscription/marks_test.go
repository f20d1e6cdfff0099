package subscription

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The model remembers every batch; the marks must hold back whenever it does, at most 1/marksPerBound of the bound earlier, and stay few.
func TestMarksAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := freshness{bound: time.Duration(rapid.IntRange(50, 60_000).Draw(t, "bound")) * time.Millisecond, window: leastWindow}
		now := time.Unix(0, 0)
		sent := []time.Time{{}} // by stream sequence
		acknowledged := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"send": func(*rapid.T) {
				if f.blocked(uint64(len(sent)-1), now) {
					return
				}
				sent = append(sent, now)
				f.sent(uint64(len(sent)-1), now)
			},
			"acknowledge": func(t *rapid.T) {
				last := uint64(len(sent) - 1)
				sequence := rapid.Uint64Range(0, last).Draw(t, "sequence")
				f.acknowledge(sequence, last, now)
				acknowledged = max(acknowledged, sequence)
			},
			"acknowledge all": func(t *rapid.T) {
				acknowledged = uint64(len(sent) - 1)
				f.acknowledge(acknowledged, acknowledged, now)
				if f.blocked(acknowledged, now) {
					t.Fatal("held back although everything is acknowledged")
				}
			},
			"pass": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(f.bound/8)).Draw(t, "time")))
			},
			"": func(t *rapid.T) {
				if len(f.marks) > marksPerBound+1 {
					t.Fatalf("%d marks, want %d at most", len(f.marks), marksPerBound+1)
				}
				var age time.Duration // of the oldest unacknowledged batch
				if oldest := acknowledged + 1; oldest < uint64(len(sent)) {
					age = now.Sub(sent[oldest])
				}
				last := uint64(len(sent) - 1)
				full := last-acknowledged >= f.window
				switch blocked := f.blocked(last, now); {
				case full != blocked && full && last > acknowledged:
					t.Fatalf("%d batches are unacknowledged, the window is %d", last-acknowledged, f.window)
				case age >= f.bound && !blocked:
					t.Fatalf("the oldest unacknowledged batch is %v old, the bound is %v", age, f.bound)
				case age < f.bound-f.bound/marksPerBound && blocked && !full:
					t.Fatalf("held back although the oldest unacknowledged batch is only %v old, the bound is %v", age, f.bound)
				}
			},
		})
	})
}

// slowClient is a client behind a transport that takes any number of batches.
type slowClient struct {
	reading     time.Duration // time it needs for a batch
	acknowledge int           // it acknowledges every so many batches, and when it has read all
}

// transport is between a session with always something new, which sends as fast as one batch a millisecond, and a client: what that has not read waits in a queue, as in
// windows of HTTP/2 and of the kernel.
type transport struct {
	freshness freshness
	now       time.Time
	busyUntil time.Time // of the client
	sent      uint64    // batches
	read      uint64
	queue     []time.Time // when what is on its way was sent
}

func newTransport(bound time.Duration) *transport {
	return &transport{freshness: freshness{bound: bound, window: leastWindow}}
}

// play lets a client read for a while, and returns the greatest age of what it read, and how much that was.
func (x *transport) play(c slowClient, during time.Duration) (oldest time.Duration, batches uint64) {
	before := x.read
	for end := x.now.Add(during); x.now.Before(end); x.now = x.now.Add(time.Millisecond) {
		if !x.freshness.blocked(x.sent, x.now) {
			x.sent++
			x.freshness.sent(x.sent, x.now)
			x.queue = append(x.queue, x.now)
		}
		for len(x.queue) > 0 && !x.now.Before(x.busyUntil) {
			x.read++
			oldest = max(oldest, x.now.Sub(x.queue[0]))
			x.queue = x.queue[1:]
			x.busyUntil = x.now.Add(c.reading)
			if int(x.read)%c.acknowledge == 0 || len(x.queue) == 0 {
				x.freshness.acknowledge(x.read, x.sent, x.now)
			}
		}
	}
	return oldest, x.read - before
}

func TestFreshnessHoldsForSteadyClients(t *testing.T) {
	for _, bound := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second} {
		for _, reading := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 60 * time.Millisecond} {
			for _, acknowledge := range []int{1, 2, 5} {
				client := slowClient{reading: reading, acknowledge: acknowledge}
				x := newTransport(bound)
				early, _ := x.play(client, 19*time.Second)
				late, rate := x.play(client, time.Second)
				if oldest := max(early, late); oldest > bound+reading {
					t.Errorf("bound %v, %+v: it took a batch that was %v old", bound, client, oldest)
				}
				able := uint64(1000)
				if reading > time.Millisecond {
					able = uint64(time.Second / reading)
				}
				if rate < able*8/10 {
					t.Errorf("bound %v, %+v: it was sent %d batches/s and can take %d", bound, client, rate, able)
				}
			}
		}
	}
}

// What is on its way when a client slows down it takes late: few batches, however long it was fast before. After that, what it takes is fresh again.
func TestFreshnessReturnsToClientsThatSlowDown(t *testing.T) {
	for _, bound := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second} {
		for _, reading := range []time.Duration{2 * time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 60 * time.Millisecond} {
			for _, acknowledge := range []int{1, 2, 5} {
				x := newTransport(bound)
				x.play(slowClient{acknowledge: acknowledge}, time.Minute)
				client := slowClient{reading: reading, acknowledge: acknowledge}
				onItsWay := windowHeadroom*reading + bound/4 // time it takes to read: the window at first, and what that still grows by
				first, _ := x.play(client, 2*onItsWay)
				if most := max(bound, onItsWay) + reading; first > most {
					t.Errorf("bound %v, %+v: when it slowed down it took a batch that was %v old, want %v at most", bound, client, first, most)
				}
				if after, _ := x.play(client, time.Minute); after > bound+reading {
					t.Errorf("bound %v, %+v: it still took a batch that was %v old when it had been slow for a while, at first %v", bound, client, after, first)
				}
			}
		}
	}
}
