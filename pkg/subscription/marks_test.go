package subscription

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The model remembers every batch; the marks must hold back whenever it does, at most 1/marksPerBound of the bound earlier, and stay few.
func TestMarksAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := freshness{bound: time.Duration(rapid.IntRange(50, 60_000).Draw(t, "bound")) * time.Millisecond}
		now := time.Unix(0, 0)
		sent := []time.Time{{}} // by stream sequence
		acknowledged := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"send": func(*rapid.T) {
				if f.blocked(now) {
					return
				}
				sent = append(sent, now)
				f.sent(uint64(len(sent)-1), now)
			},
			"acknowledge": func(t *rapid.T) {
				last := uint64(len(sent) - 1)
				sequence := rapid.Uint64Range(0, last).Draw(t, "sequence")
				f.acknowledge(sequence, last)
				acknowledged = max(acknowledged, sequence)
			},
			"acknowledge all": func(t *rapid.T) {
				acknowledged = uint64(len(sent) - 1)
				f.acknowledge(acknowledged, acknowledged)
				if f.blocked(now) {
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
				switch blocked := f.blocked(now); {
				case age >= f.bound && !blocked:
					t.Fatalf("the oldest unacknowledged batch is %v old, the bound is %v", age, f.bound)
				case age < f.bound-f.bound/marksPerBound && blocked:
					t.Fatalf("held back although the oldest unacknowledged batch is only %v old, the bound is %v", age, f.bound)
				}
			},
		})
	})
}
