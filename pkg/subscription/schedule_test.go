package subscription

import (
	"container/heap"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNextDueIsTheFirstMomentOfTheGridAfterNow(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "interval"))
		g := &flushGroup{interval: interval, conn: &Conn{phase: rapid.Float64Range(0, 0.999).Draw(t, "phase")}}
		elapsed := rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "elapsed") // before the start if the clock was set back
		if rapid.Bool().Draw(t, "on the grid") {
			elapsed = int64(g.nextDue(start, start.Add(time.Duration(elapsed))).Sub(start))
		}
		now := start.Add(time.Duration(elapsed))
		due := g.nextDue(start, now)
		if wait := due.Sub(now); wait <= 0 || wait > interval {
			t.Fatalf("due %v after now at an interval of %v", wait, interval)
		}
		if again := g.nextDue(start, due); again.Sub(due) != interval {
			t.Fatalf("the next two moments are %v apart at an interval of %v", again.Sub(due), interval)
		}
	})
}

func TestScheduleKeepsTheEarliestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s schedule
		in := map[*flushGroup]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				g := &flushGroup{due: time.Unix(rapid.Int64Range(0, 100).Draw(t, "due"), 0)}
				heap.Push(&s, g)
				in[g] = true
			},
			"remove": func(t *rapid.T) {
				if len(s) == 0 {
					t.Skip("empty")
				}
				g := s[rapid.IntRange(0, len(s)-1).Draw(t, "which")]
				heap.Remove(&s, g.index)
				delete(in, g)
				if g.index != -1 {
					t.Fatalf("a removed group has index %d", g.index)
				}
			},
			"put off": func(t *rapid.T) {
				if len(s) == 0 {
					t.Skip("empty")
				}
				s[0].due = s[0].due.Add(time.Duration(rapid.Int64Range(0, 50).Draw(t, "by")) * time.Second)
				heap.Fix(&s, 0)
			},
			"": func(t *rapid.T) {
				if len(s) != len(in) {
					t.Fatalf("%d groups, want %d", len(s), len(in))
				}
				for i, g := range s {
					if g.index != i || g.due.Before(s[0].due) || !in[g] {
						t.Fatalf("group %d says index %d, due %v; first is due %v", i, g.index, g.due, s[0].due)
					}
				}
			},
		})
	})
}
