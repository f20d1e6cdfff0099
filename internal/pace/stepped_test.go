package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/pace"
)

func TestSteppedWakesAtMultiplesOfTheStep(t *testing.T) {
	for _, c := range []struct{ sleep, step, want time.Duration }{
		{1, time.Millisecond, time.Millisecond},
		{time.Millisecond, time.Millisecond, time.Millisecond},
		{1_000_001, time.Millisecond, 2 * time.Millisecond},
		{70 * time.Microsecond, 0, 70 * time.Microsecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			clock := pace.Stepped(pace.System(), c.step)
			begun := time.Now() // synctest begins at a whole second
			if err := clock.Sleep(t.Context(), c.sleep); err != nil {
				t.Fatal(err)
			}
			if slept := time.Since(begun); slept != c.want {
				t.Errorf("step %v: slept %v for %v, want %v", c.step, slept, c.sleep, c.want)
			}
		})
	}
}
