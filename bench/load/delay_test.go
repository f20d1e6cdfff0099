package load

import (
	"testing"
	"time"

	"tickgate/bench/figure"
)

// TestDelays: batches are due on the grid that they fit best, and a due time that was skipped is answered by the next batch.
func TestDelays(t *testing.T) {
	const ms, interval = int64(time.Millisecond), int64(100 * time.Millisecond)
	for _, c := range []struct {
		name    string
		batches []sending
		begun   int64
		ended   int64
		counts  int64
		largest time.Duration
	}{
		{"on time", []sending{{0, 2 * ms}, {interval, interval + 2*ms}, {2 * interval, 2*interval + 3*ms}}, 0, 3 * interval, 3, 3 * time.Millisecond},
		{"sent late once", []sending{{0, ms}, {interval + 30*ms, interval + 31*ms}, {2 * interval, 2*interval + ms}}, 0, 3 * interval, 3, 31 * time.Millisecond},
		{"first one late: the phase is that of the others", []sending{{30 * ms, 31 * ms}, {interval, interval + ms}, {2 * interval, 2*interval + ms}}, 0, 3 * interval, 3, 31 * time.Millisecond},
		{"more than half an interval late once: the grid stays", []sending{{0, ms}, {160 * ms, 161 * ms}, {2 * interval, 2*interval + ms}, {3 * interval, 3*interval + ms}}, 0, 4 * interval, 4, 61 * time.Millisecond},
		{"more than an interval late once", []sending{{0, ms}, {interval, interval + ms}, {370 * ms, 371 * ms}, {4 * interval, 4*interval + ms}}, 0, 5 * interval, 5, 171 * time.Millisecond},
		{"answered after the window's end", []sending{{0, ms}, {interval, interval + ms}, {240 * ms, 241 * ms}}, 0, 210 * ms, 3, 41 * time.Millisecond},
		{"skipped", []sending{{0, ms}, {2 * interval, 2*interval + ms}}, 0, 3 * interval, 3, 101 * time.Millisecond},
		{"still owed at the end", []sending{{0, ms}}, 0, 2*interval + 70*ms, 3, 170 * time.Millisecond},
		{"none at all", nil, 0, 3 * interval, 3, 300 * time.Millisecond},
		{"due before the window does not count", []sending{{0, ms}, {interval, interval + ms}, {2 * interval, 2*interval + ms}}, 50 * ms, 3 * interval, 2, time.Millisecond},
	} {
		var h figure.Histogram
		recordDelays(&h, c.batches, interval, c.begun, c.ended, max(c.ended, lastReceived(c.batches)))
		if got := h.Percentiles(); got == nil || h.Count() != c.counts {
			t.Errorf("%s: %d delays, want %d", c.name, h.Count(), c.counts)
		} else if difference := got.Max - c.largest.Microseconds(); difference < -200 || difference > 200 {
			t.Errorf("%s: the largest is %d us, want %v", c.name, got.Max, c.largest)
		}
	}
}

func lastReceived(batches []sending) int64 {
	if len(batches) == 0 {
		return 0
	}
	return batches[len(batches)-1].received
}

// TestStaleness: samples between two receipts are zero until something newer was published, and then grow.
func TestStaleness(t *testing.T) {
	const ms = int64(time.Millisecond)
	var s shard
	s.sampleStaleness(0, 100*ms, 55*ms) // samples at 10, 20, … 100 ms: ten, of which 60 to 100 are stale by 5 to 45 ms
	if got := s.window.Staleness.Count(); got != 10 {
		t.Fatalf("%d samples, want 10", got)
	}
	p := s.window.Staleness.Percentiles()
	if p.P50 > 1 || p.Max < 44_900 || p.Max > 45_100 {
		t.Errorf("p50 %d us and max %d us, want 0 and 45,000", p.P50, p.Max)
	}
	s.begun = 95 * ms
	s.window = figure.Window{}
	s.sampleStaleness(0, 100*ms, 55*ms)
	if got := s.window.Staleness.Count(); got != 1 {
		t.Errorf("%d samples in a window that begins at 95 ms, want 1", got)
	}
}
