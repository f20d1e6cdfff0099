package subscription

import (
	"testing"
	"time"
)

// TestDueAgainGoesByTheMoment: an update that was sent late does not make the next one due sooner because the worker comes late to that, too; nor does one that was sent after the
// moment, or 30 days ago, confuse it.
func TestDueAgainGoesByTheMoment(t *testing.T) {
	const interval = 200 * time.Millisecond
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &worker{hub: &Hub{started: start}}
	sub := &subscription{lane: &lane{session: &Session{worker: w}}, everSent: true}
	for _, tt := range []struct {
		sent, moment time.Duration
		want         bool
	}{
		{0, 200 * time.Millisecond, true},
		{100 * time.Millisecond, 200 * time.Millisecond, true},
		{101 * time.Millisecond, 200 * time.Millisecond, false},
		{350 * time.Millisecond, 200 * time.Millisecond, false},
		{0, 30 * 24 * time.Hour, true},
		{0, 49 * 24 * time.Hour, true},
	} {
		sub.sentMillis = w.millis(start.Add(tt.sent))
		if got := sub.dueAgain(start.Add(tt.moment), interval); got != tt.want {
			t.Errorf("sent after %v, due at %v: %v, want %v", tt.sent, tt.moment, got, tt.want)
		}
	}
}

// TestLateUpdateDoesNotCostTheNextAtOneMillisecond: moments lie on whole milliseconds, and when an update was sent is rounded down to one, so at the shortest interval
// every update sent before the next moment leaves that to the next one. A finer clock would pass over those of the last half a millisecond.
func TestLateUpdateDoesNotCostTheNextAtOneMillisecond(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &worker{hub: &Hub{started: start}}
	sub := &subscription{lane: &lane{session: &Session{worker: w}}, everSent: true}
	moment := 6 * time.Millisecond
	for late := time.Duration(0); late < 2*time.Millisecond; late += 100 * time.Microsecond {
		sub.sentMillis = w.millis(start.Add(moment - time.Millisecond + late))
		if got, want := sub.dueAgain(start.Add(moment), time.Millisecond), late < time.Millisecond; got != want {
			t.Errorf("sent %v after the moment before: due again is %v, want %v", late, got, want)
		}
	}
}
