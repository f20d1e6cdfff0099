package pace_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

func TestScheduleFollowsTheSource(t *testing.T) {
	const start = tick.Time(1_723_161_254_024_619_568)
	for _, c := range []struct {
		speed pace.Speed
		after tick.Time
		want  time.Duration
	}{
		{1, 1, 1},
		{1, 346_000_000_001, 346_000_000_001},
		{10, 1_000_000_000, 100 * time.Millisecond},
		{0.5, 1_000_000_000, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := pace.NewSchedule(pace.System(), c.speed)
			began := time.Now()
			if got := s.Due(start); !got.Equal(began) {
				t.Errorf("speed %v: the first event is due %v after the start", c.speed, got.Sub(began))
			}
			time.Sleep(time.Second) // a late caller does not move the schedule
			if got := s.Due(start + c.after).Sub(began); got != c.want {
				t.Errorf("speed %v: %d ns later is due after %v, want %v", c.speed, c.after, got, c.want)
			}
			s.Restart()
			if got := s.Due(start); !got.Equal(time.Now()) {
				t.Errorf("speed %v: after Restart the first event is due %v from now", c.speed, time.Until(got))
			}
		})
	}
}

func TestUnpacedIsAlwaysDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pace.NewSchedule(pace.System(), pace.Unpaced())
		for _, at := range []tick.Time{0, 1 << 60, 5} {
			if got := s.Due(at); !got.Equal(time.Now()) {
				t.Errorf("Due(%d) is %v from now", at, time.Until(got))
			}
		}
	})
}

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]string{"1": "1", "10": "10", "0.5": "0.5", "max": "max", "1e3": "1000"} {
		speed, err := pace.ParseSpeed(text)
		if err != nil || speed.String() != want {
			t.Errorf("ParseSpeed(%q) = %v, %v, want %s", text, speed, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "fast", "NaN", "Inf", "1e9", "0.0001"} {
		if speed, err := pace.ParseSpeed(text); !errors.Is(err, pace.ErrSpeed) {
			t.Errorf("ParseSpeed(%q) = %v, %v, want ErrSpeed", text, speed, err)
		}
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, clock := range map[string]pace.Clock{"system": pace.System(), "precise": pace.Precise()} {
		if err := clock.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Sleep = %v, want context.Canceled", name, err)
		}
	}
}

// TestPreciseNeverWakesEarly checks the half of the promise that does not depend on how busy the machine is.
func TestPreciseNeverWakesEarly(t *testing.T) {
	for _, d := range []time.Duration{50 * time.Microsecond, 900 * time.Microsecond, 3 * time.Millisecond} {
		began := time.Now()
		if err := pace.Precise().Sleep(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if slept := time.Since(began); slept < d-20*time.Microsecond {
			t.Errorf("slept %v, want %v", slept, d)
		}
	}
}
