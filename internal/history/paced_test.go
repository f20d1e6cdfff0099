package history_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// sentAt judges the updates of a subscription with an interval by when they were sent, in milliseconds; all else about them is right.
func sentAt(intervalMillis int64, tolerance time.Duration, millis ...int64) []history.Violation {
	s := newGrantedScript(&tickgatev1.Conflation{Policy: interval, IntervalMs: intervalMillis})
	for i, at := range millis {
		sequence := uint64(i + 1)
		s.publish(sequence)
		s.updateSent(noon.Add(time.Duration(at)*time.Millisecond), sequence, sequence, 0)
	}
	return history.Check(s.published, s.client, history.Options{IntervalTolerance: tolerance})
}

// every returns count moments that are so far apart.
func every(millis int64, count int) []int64 {
	moments := make([]int64, count)
	for i := range moments {
		moments[i] = int64(i) * millis
	}
	return moments
}

// TestPaceOverManyIntervals: each update may be early by half an interval, all together may not be earlier than that.
func TestPaceOverManyIntervals(t *testing.T) {
	for _, tt := range []struct {
		name      string
		tolerance time.Duration
		sent      []int64 // for a granted interval of 100 ms
		want      int
	}{
		{"on time", 0, every(100, 20), 0},
		{"the snapshot just before a moment", 50 * time.Millisecond, []int64{0, 50, 150, 250, 350}, 0},
		{"one after another late", 50 * time.Millisecond, []int64{0, 149, 199, 349, 399, 500}, 0},
		{"late once, and then on time for ever", 50 * time.Millisecond, append([]int64{-60}, every(100, 100)[1:]...), 0},
		{"every 60 ms", 50 * time.Millisecond, every(60, 3), 1},
		{"every 60 ms, on and on", 50 * time.Millisecond, every(60, 31), 15},
		{"every 98 ms", 50 * time.Millisecond, every(98, 27), 1},
		{"n+2 in n intervals", 50 * time.Millisecond, []int64{0, 60, 160, 225, 300, 400}, 1},
		{"a tolerance of many intervals is half of one", time.Hour, []int64{0, 48}, 1},
		{"with a millisecond", time.Hour, []int64{0, 49}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := sentAt(100, tt.tolerance, tt.sent...)
			if rules := rulesOf(found); len(found) != tt.want || slices.ContainsFunc(rules, func(r history.Rule) bool { return r != history.RulePaced }) {
				t.Errorf("found %v, want %d", found, tt.want)
			}
		})
	}
}

// TestGridWithAnyLatenessIsPaced: a gateway that keeps its intervals on a grid and passes over a moment within half an interval of the last update, as
// docs/adr/0005 has it, breaks no pace, however late it sends.
func TestGridWithAnyLatenessIsPaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]int64{2, 20, 100, 1_000}).Draw(t, "interval")
		last := rapid.Int64Range(0, length).Draw(t, "snapshot")
		sent := []int64{last}
		for range rapid.IntRange(1, 60).Draw(t, "updates") {
			moment := (last/length + 1) * length // the next one
			if moment-last < length/2 {
				moment += length
			}
			last = moment + length*rapid.SampledFrom([]int64{0, 0, 1, 7}).Draw(t, "quiet") + rapid.Int64Range(0, 3*length).Draw(t, "late")
			sent = append(sent, last)
		}
		for _, v := range sentAt(length, time.Duration(length)*time.Millisecond/2, sent...) {
			t.Errorf("%v of %v", v, sent)
		}
	})
}
