package subscription

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNextDueIsTheFirstMomentOfTheGridAfterNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "interval"))
		g := &flushGroup{interval: interval, conn: &Conn{phase: rapid.Float64Range(0, 0.999).Draw(t, "phase")}}
		now := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "now")) // before the start if the clock was set back
		if rapid.Bool().Draw(t, "on the grid") {
			now = g.nextDue(now)
		}
		due := g.nextDue(now)
		if wait := due - now; wait <= 0 || wait > interval {
			t.Fatalf("due %v after now at an interval of %v", wait, interval)
		}
		if again := g.nextDue(due); again-due != interval {
			t.Fatalf("the next two moments are %v apart at an interval of %v", again-due, interval)
		}
	})
}

// TestConnectionsShareSlots: whatever their phases, connections with an interval of many slots are due at moments that others are due at, too.
func TestConnectionsShareSlots(t *testing.T) {
	const interval = 50 * slot
	for n := range 1_000 {
		g := &flushGroup{interval: interval, conn: &Conn{phase: float64(n) / 1_000}}
		if due := g.nextDue(time.Hour); due%slot != 0 {
			t.Fatalf("phase %v: due at %v, which is no multiple of %v", g.conn.phase, due, slot)
		}
	}
}

func TestScheduleKeepsTheEarliestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s schedule
		in := map[*flushGroup]time.Duration{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				g, due := &flushGroup{}, time.Duration(rapid.Int64Range(0, 100).Draw(t, "due"))
				s.add(due, g)
				in[g] = due
			},
			"remove": func(t *rapid.T) {
				if len(s) == 0 {
					t.Skip("empty")
				}
				g := s[rapid.IntRange(0, len(s)-1).Draw(t, "which")].group
				s.remove(g)
				delete(in, g)
			},
			"postpone": func(t *rapid.T) {
				if len(s) == 0 {
					t.Skip("empty")
				}
				g, due := s[0].group, s[0].due+time.Duration(rapid.Int64Range(0, 50).Draw(t, "by"))
				s.postpone(due)
				in[g] = due
			},
			"": func(t *rapid.T) {
				if len(s) != len(in) {
					t.Fatalf("%d groups, want %d", len(s), len(in))
				}
				for _, entry := range s {
					due, known := in[entry.group]
					if !known || due != entry.due || due < s[0].due {
						t.Fatalf("a group is due at %v, want %v; the first is due at %v", entry.due, due, s[0].due)
					}
				}
			},
		})
	})
}
