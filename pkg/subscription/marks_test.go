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

// slowClient is a client behind a transport that takes any number of batches: what it reads waits in a queue, as in windows of HTTP/2 and of the kernel.
type slowClient struct {
	reading     time.Duration // time it needs for a batch
	acknowledge int           // it acknowledges every so many batches, and when it has read all
}

// play lets a session with always something new send to the client as fast as one batch a millisecond, and returns the greatest age of what the client reads, and
// how many batches it read in the last second.
func (c slowClient) play(f *freshness, during time.Duration) (oldest time.Duration, lastSecond int) {
	begin := time.Unix(0, 0)
	var queue []time.Time // sent times of what is on its way
	last, read := uint64(0), uint64(0)
	busyUntil := begin
	for now := begin; now.Sub(begin) < during; now = now.Add(time.Millisecond) {
		if !f.blocked(last, now) {
			last++
			f.sent(last, now)
			queue = append(queue, now)
		}
		for len(queue) > 0 && !now.Before(busyUntil) {
			read++
			oldest = max(oldest, now.Sub(queue[0]))
			queue = queue[1:]
			busyUntil = now.Add(c.reading)
			if int(read)%c.acknowledge == 0 || len(queue) == 0 {
				f.acknowledge(read, last, now)
			}
			if now.Sub(begin) >= during-time.Second {
				lastSecond++
			}
			if c.reading > 0 {
				break
			}
		}
	}
	return oldest, lastSecond
}

func TestFreshnessHoldsForSteadyClients(t *testing.T) {
	for _, bound := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second} {
		for _, reading := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 60 * time.Millisecond} {
			for _, acknowledge := range []int{1, 2, 5} {
				client := slowClient{reading: reading, acknowledge: acknowledge}
				f := freshness{bound: bound, window: leastWindow}
				oldest, rate := client.play(&f, 20*time.Second)
				if oldest > bound+reading {
					t.Errorf("bound %v, %+v: it took a batch that was %v old", bound, client, oldest)
				}
				able := 1000
				if reading > time.Millisecond {
					able = int(time.Second / reading)
				}
				if rate < able*8/10 {
					t.Errorf("bound %v, %+v: it was sent %d batches/s and can take %d", bound, client, rate, able)
				}
			}
		}
	}
}
