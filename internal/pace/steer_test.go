package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

const second = tick.Time(time.Second)

// TestSpeedChangesFromATimeOn: what is due before then stays due as it was.
func TestSpeedChangesFromATimeOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pace.NewSchedule(pace.System(), 2)
		began := time.Now()
		s.Due(100 * second)
		time.Sleep(time.Second) // nothing depends on when it is said
		s.SetSpeed(10, 110*second)
		for at, want := range map[tick.Time]time.Duration{110 * second: 5 * time.Second, 120 * second: 6 * time.Second} {
			if got := s.Due(at).Sub(began); got != want {
				t.Errorf("%v is due after %v, want %v", at, got, want)
			}
		}
	})
}

func TestSpeedAfterUnpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pace.NewSchedule(pace.System(), pace.Unpaced())
		s.Due(7 * second)
		if at, ok := s.Reading(); ok {
			t.Errorf("unpaced, the clock shows %v", at)
		}
		s.SetSpeed(1, 7*second)
		if wait := time.Until(s.Due(8 * second)); wait != time.Second {
			t.Errorf("a second later is due in %v", wait)
		}
		s.SetSpeed(pace.Unpaced(), 7*second)
		if wait := time.Until(s.Due(9 * second)); wait != 0 {
			t.Errorf("unpaced again, an event is due in %v", wait)
		}
	})
}

func TestReadingIsTheInverseOfDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pace.NewSchedule(pace.System(), 4)
		if at, ok := s.Reading(); ok {
			t.Errorf("before the first event the clock shows %v", at)
		}
		s.Due(5 * second)
		time.Sleep(1500 * time.Millisecond)
		if at, ok := s.Reading(); !ok || at != 11*second {
			t.Errorf("the clock shows %v, want 11 s", at)
		}
		s.Anchor(2 * second)
		if at, ok := s.Reading(); !ok || at != 2*second {
			t.Errorf("anchored at 2 s the clock shows %v", at)
		}
	})
}
