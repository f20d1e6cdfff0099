package replay_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

func parseSpeed(t testing.TB, text string) pace.Speed {
	t.Helper()
	speed, err := pace.ParseSpeed(text)
	if err != nil {
		t.Fatal(err)
	}
	return speed
}

// TestRebase: the first event was recorded now, all times of a pass are moved by the same, and no symbol's times go back from one pass to the next, whatever the speed.
func TestRebase(t *testing.T) {
	// B's first time is later after its recording than its last one is: at its own pace the second pass would begin before the first has ended.
	quotes := quotesHeader + "1000000000000,1000500,V,A,1,1,2,1,1\n1001000000000,1009000,V,B,1,1,2,1,1\n1003000000000,,V,A,1,1,2,1,1\n1010000000000,1009900,V,A,1,1,2,1,1\n1010000000000,1021000,V,B,1,1,2,1,1\n"
	for _, speed := range []string{"1", "10", "0.5", "max"} {
		synctest.Test(t, func(t *testing.T) {
			began := tick.Time(time.Now().UnixNano())
			b, _, err := run(t, func(c *replay.Config) {
				c.Rebase, c.Passes, c.Speed = true, 3, parseSpeed(t, speed)
			}, gzipped(t, "q", quotes))
			if err != nil || len(b.events) != 15 {
				t.Fatalf("%d events, %v", len(b.events), err)
			}
			if first := b.events[0].TsEvent; first != began+500_000_000 {
				t.Errorf("speed %s: the first event is of %d, want 500 ms after %d", speed, first, began)
			}
			last := make(map[string]tick.Time)
			for i, e := range b.events {
				if i%5 == 2 {
					if e.TsEvent != 0 {
						t.Errorf("speed %s: event %d has a time that it did not have: %d", speed, i, e.TsEvent)
					}
					continue
				}
				if e.TsEvent <= last[e.symbol] {
					t.Errorf("speed %s: event %d of %s goes back from %d to %d", speed, i, e.symbol, last[e.symbol], e.TsEvent)
				}
				last[e.symbol] = e.TsEvent
				if shift := e.TsEvent - b.events[i-i%5].TsEvent; shift != []tick.Time{0, 8_500_000_000, 0, 9_400_000_000, 20_500_000_000}[i%5] {
					t.Errorf("speed %s: event %d is %d after the first", speed, i, shift)
				}
			}
		})
	}
}

// TestRebaseAndSeek: what is sought is moved by the same as the rest of the pass.
func TestRebaseAndSeek(t *testing.T) {
	quotes := quotesHeader
	for second := range 11 {
		quotes += fmt.Sprintf("%d000000000,%d000,V,A,1,1,2,1,1\n", 1000+second, 1000+second)
	}
	synctest.Test(t, func(t *testing.T) {
		b := new(notes)
		r := b.replay(t, func(c *replay.Config) { c.Rebase, c.Speed = true, 1 }, gzipped(t, "q", quotes))
		began := tick.Time(time.Now().UnixNano())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(t.Context()) }()
		time.Sleep(1500 * time.Millisecond)
		if _, err := r.Obey(t.Context(), feedsim.SeekTo{At: 1_009_000_000_000}); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		var got []time.Duration
		for _, e := range b.events {
			got = append(got, time.Duration(e.TsEvent-began))
		}
		if want := []time.Duration{0, time.Second, 9 * time.Second, 10 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("times %v, want %v", got, want)
		}
	})
}
