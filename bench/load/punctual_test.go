package load

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/bench/figure"
)

// TestALateGeneratorIsNoticed: timers that are on time are recorded as such, one for each period of the window and of nothing else.
func TestALateGeneratorIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p punctuality
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go p.watch(ctx)
		time.Sleep(time.Second)
		p.begin()
		time.Sleep(time.Second)
		for range 10 {
			p.record(50 * time.Millisecond)
		}
		var w figure.Window
		p.end(&w)
		time.Sleep(time.Second)
		want := int64(time.Second/timerPeriod) + 10
		if got := w.GeneratorLag.Percentiles(); w.GeneratorLag.Count() < want-1 || w.GeneratorLag.Count() > want+1 || got.P50 > 1 || got.P99 < 49_000 {
			t.Errorf("%d timers (want %d), %+v", w.GeneratorLag.Count(), want, got)
		}
	})
}
