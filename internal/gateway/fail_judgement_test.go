package gateway_test

import (
	"testing"
	"time"
)

// TestJudgementOfHarm: harm is noticed on a quiet machine, and on a busy one too if it comes each time; what others did to the clients is not.
func TestJudgementOfHarm(t *testing.T) {
	slicesOf := func(others float64, milliseconds ...int) (all []slice) {
		for _, ms := range milliseconds {
			s := slice{others: others}
			for range 100 {
				s.latencies = append(s.latencies, time.Duration(ms)*time.Millisecond)
			}
			all = append(all, s)
		}
		return all
	}
	repeated := func(times int, t turn) (turns []turn) {
		for range times {
			turns = append(turns, t)
		}
		return turns
	}
	quiet, harmful := turn{slicesOf(0, 10, 10), slicesOf(0, 10, 10)}, turn{slicesOf(0, 10, 10), slicesOf(0, 12, 10)}
	disturbedBurst := turn{slicesOf(0, 10, 10), append(slicesOf(1, 500), slicesOf(0, 10)...)}
	busyBurst, busyHarm, busy := turn{slicesOf(1, 10, 20), slicesOf(1, 500, 10)}, turn{slicesOf(1, 10, 20), slicesOf(1, 50, 10)}, turn{slicesOf(1, 10, 20), slicesOf(1, 20, 10)}
	for _, tt := range []struct {
		name    string
		turns   []turn
		noticed bool
	}{
		{"nothing happens", repeated(mostTurns, quiet), false},
		{"harm each time", repeated(mostTurns, harmful), true},
		{"harm once", append(repeated(mostTurns-1, quiet), harmful), true},
		{"a burst of others once", append(repeated(mostTurns-1, quiet), disturbedBurst), false},
		{"a burst on a busy machine", append(repeated(mostTurns-1, busy), busyBurst), false},
		{"harm each time on a busy machine", repeated(mostTurns, busyHarm), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := judgeTurns(tt.turns)
			if noticed := !j.tolerable(); noticed != tt.noticed && !raceDetector {
				t.Errorf("noticed is %v, want %v: %v", noticed, tt.noticed, j)
			}
		})
	}
}

// TestOthersAreMeasured: the processors' work for this process is not taken for others'.
func TestOthersAreMeasured(t *testing.T) {
	before := measureProcessors()
	if before.all == 0 {
		t.Skip("this system does not tell")
	}
	for began := time.Now(); measureProcessors().own-before.own < 10*clockTick; {
		if time.Since(began) > time.Minute {
			t.Fatal("the work of this process is not counted")
		}
	}
	if after := measureProcessors(); after.all-before.all < 9*clockTick {
		t.Errorf("all processors worked %v, this process %v of it", after.all-before.all, after.own-before.own)
	}
}
