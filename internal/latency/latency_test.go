package latency_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tickgate/internal/latency"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStagesAreThoseOfTheAPI(t *testing.T) {
	want := map[latency.Stage]tickgatev1.LatencyStage{
		latency.VenueToGateway: tickgatev1.LatencyStage_LATENCY_STAGE_VENUE_TO_GATEWAY,
		latency.Gateway:        tickgatev1.LatencyStage_LATENCY_STAGE_GATEWAY,
		latency.EndToEnd:       tickgatev1.LatencyStage_LATENCY_STAGE_END_TO_END,
	}
	if len(want) != len(tickgatev1.LatencyStage_name)-1 {
		t.Fatalf("%d stages here, %d in the API", len(want), len(tickgatev1.LatencyStage_name)-1)
	}
	for _, stage := range latency.Stages() {
		if tickgatev1.LatencyStage(stage) != want[stage] {
			t.Errorf("%s has the number %d, the API %d", stage, stage, want[stage])
		}
	}
	if got := latency.Stage(9).String(); got != "unknown" {
		t.Errorf("a stage that is none is called %q", got)
	}
}

// recording is how both recorders are used alike.
type recording interface {
	Record(latency.Stage, int64)
}

// snapshotOf returns what a recorder has recorded, by the way that its kind has.
func snapshotOf(r recording) *latency.Snapshot {
	if stream, ok := r.(*latency.StreamRecorder); ok {
		return stream.Snapshot()
	}
	totals := latency.NewTotals()
	r.(*latency.Recorder).MergeInto(totals)
	return totals.Snapshot()
}

func TestSummaryOfEdges(t *testing.T) {
	const second = int64(time.Second)
	tests := []struct {
		name  string
		nanos []int64
		want  latency.Summary
		sum   float64
	}{
		{"nothing", nil, latency.Summary{}, 0},
		{"zero", []int64{0}, latency.Summary{Count: 1}, 0},
		{"one microsecond", []int64{1_000}, latency.Summary{Count: 1, P50: 1, P90: 1, P99: 1, P999: 1, Max: 1}, 1},
		{"rounded down", []int64{499}, latency.Summary{Count: 1}, 0},
		{"rounded up", []int64{500}, latency.Summary{Count: 1, P50: 1, P90: 1, P99: 1, P999: 1, Max: 1}, 1},
		{"two clocks that disagree", []int64{-1, math.MinInt64}, latency.Summary{Count: 2, Clamped: 2}, 0},
		{"60 s", []int64{60 * second}, latency.Summary{Count: 1, P50: 60e6, P90: 60e6, P99: 60e6, P999: 60e6, Max: 60e6}, 60e6},
		{"above 60 s", []int64{60*second + 1, math.MaxInt64},
			latency.Summary{Count: 2, P50: 60e6, P90: 60e6, P99: 60e6, P999: 60e6, Max: 60e6, Clamped: 2}, 120e6},
		{"mixed", []int64{-5, 10_000, 20_000, 30_000}, latency.Summary{Count: 4, P50: 10, P90: 30, P99: 30, P999: 30, Max: 30, Clamped: 1}, 60},
	}
	for _, tt := range tests {
		for name, r := range map[string]recording{"totals": latency.NewRecorder(), "stream": new(latency.StreamRecorder)} {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				for _, nanos := range tt.nanos {
					r.Record(latency.Gateway, nanos)
				}
				got := snapshotOf(r)
				if d := got.Stage(latency.Gateway); d.Summary() != tt.want || d.SumMicros() != tt.sum {
					t.Errorf("got  %+v, sum %v\nwant %+v, sum %v", d.Summary(), d.SumMicros(), tt.want, tt.sum)
				}
				if other := got.Stage(latency.EndToEnd).Summary(); other != (latency.Summary{}) {
					t.Errorf("another stage has %+v", other)
				}
			})
		}
	}
}

// TestPrecision holds the percentiles against those of the sorted values, by the nearest rank: 3 digits in totals, 2 in a stream.
func TestPrecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 5_000), rapid.Int64Range(0, latency.MaxMicros)), 1, 300).Draw(t, "micros")
		sorted := slices.Sorted(slices.Values(micros))
		for r, precision := range map[recording]float64{latency.NewRecorder(): 0.001, new(latency.StreamRecorder): 0.01} {
			for _, v := range micros {
				r.Record(latency.Gateway, v*1_000)
			}
			got := snapshotOf(r).Stage(latency.Gateway).Summary()
			if got.Count != uint64(len(micros)) || got.Max != uint64(sorted[len(sorted)-1]) {
				t.Fatalf("count %d, max %d", got.Count, got.Max)
			}
			for percent, value := range map[float64]uint64{50: got.P50, 90: got.P90, 99: got.P99, 99.9: got.P999} {
				rank := int(percent/100*float64(len(sorted)) + 0.5)
				exact := sorted[max(1, min(rank, len(sorted)))-1]
				if math.Abs(float64(value)-float64(exact)) > precision*float64(exact) {
					t.Fatalf("the percentile %v is %d, want %d within %v", percent, value, exact, precision)
				}
			}
		}
	})
}

func TestSnapshotDoesNotChange(t *testing.T) {
	totals, recorder, stream := latency.NewTotals(), latency.NewRecorder(), new(latency.StreamRecorder)
	record := func(micros int64) {
		recorder.Record(latency.Gateway, micros*1_000)
		stream.Record(latency.Gateway, micros*1_000)
		recorder.MergeInto(totals)
	}
	record(10)
	ofTotals, ofStream := totals.Snapshot().Stage(latency.Gateway), stream.Snapshot().Stage(latency.Gateway)
	record(10)
	record(999)
	want := latency.Summary{Count: 1, P50: 10, P90: 10, P99: 10, P999: 10, Max: 10}
	if ofTotals.Summary() != want || ofStream.Summary() != want {
		t.Errorf("got %+v and %+v, want %+v", ofTotals.Summary(), ofStream.Summary(), want)
	}
}

func TestTryMergeIntoDoesNotWait(t *testing.T) {
	totals, recorder := latency.NewTotals(), latency.NewRecorder()
	recorder.Record(latency.Gateway, 1_000)
	release := totals.Hold()
	if recorder.TryMergeInto(totals) {
		t.Error("merged into totals that somebody else holds")
	}
	release()
	recorder.Record(latency.Gateway, 1_000)
	if !recorder.TryMergeInto(totals) || totals.Snapshot().Stage(latency.Gateway).Count() != 2 {
		t.Error("the values of before were lost")
	}
	recorder.MergeInto(totals)
	if got := totals.Snapshot().Stage(latency.Gateway).Count(); got != 2 {
		t.Errorf("an empty recorder brought the totals to %d", got)
	}
}

// TestTotalsOfManyWorkers: nothing is lost or counted twice while readers are at the totals, and no count ever falls.
func TestTotalsOfManyWorkers(t *testing.T) {
	const workers, values = 4, 20_000
	totals := latency.NewTotals()
	var recording sync.WaitGroup
	for range workers {
		recording.Go(func() {
			recorder := latency.NewRecorder()
			for i := range values {
				recorder.Record(latency.Gateway, int64(i)*1_000)
				recorder.Record(latency.VenueToGateway, -1)
				if i%500 == 0 {
					recorder.TryMergeInto(totals)
				}
			}
			recorder.MergeInto(totals)
		})
	}
	done := make(chan struct{}) // closed when all have recorded
	go func() { recording.Wait(); close(done) }()
	var last uint64
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		count := totals.Snapshot().Stage(latency.Gateway).Count()
		if count < last {
			t.Fatalf("the count fell from %d to %d", last, count)
		}
		last = count
	}
	got := totals.Snapshot()
	want := float64(workers) * values * (values - 1) / 2
	if d := got.Stage(latency.Gateway); d.Count() != workers*values || d.SumMicros() != want || d.Summary().Max != values-1 {
		t.Errorf("got %+v, sum %v, want a sum of %v", d.Summary(), d.SumMicros(), want)
	}
	if d := got.Stage(latency.VenueToGateway); d.Clamped() != workers*values || d.Count() != d.Clamped() {
		t.Errorf("clamped %d of %d", d.Clamped(), d.Count())
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	recorder, stream := latency.NewRecorder(), new(latency.StreamRecorder)
	for micros := range int64(1_000) {
		stream.Record(latency.Gateway, micros*1_000)
	}
	var nanos int64
	if n := testing.AllocsPerRun(1_000, func() {
		nanos += 1_000
		recorder.Record(latency.Gateway, nanos)
		recorder.Record(latency.EndToEnd, -nanos)
		stream.Record(latency.Gateway, nanos%1_000_000)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStreamRecorderIsSmall(t *testing.T) {
	usual, worst := new(latency.StreamRecorder), new(latency.StreamRecorder)
	if usual.Bytes() != 0 {
		t.Errorf("%d bytes before the first value", usual.Bytes())
	}
	for range 100_000 {
		for _, stage := range []latency.Stage{latency.VenueToGateway, latency.Gateway} {
			usual.Record(stage, int64(rand.ExpFloat64()*float64(500*time.Microsecond)))
		}
	}
	if usual.Bytes() > 12<<10 {
		t.Errorf("%d bytes for two stages of 500 us", usual.Bytes())
	}
	for micros := int64(0); micros <= latency.MaxMicros; micros += 1 + micros/256 {
		worst.Record(latency.Gateway, micros*1_000)
		for range 1_000 {
			worst.Record(latency.Gateway, 1_000)
		}
	}
	if worst.Bytes() > 40<<10 {
		t.Errorf("%d bytes for one stage with every value there is", worst.Bytes())
	}
}

func TestSince(t *testing.T) {
	r := new(latency.StreamRecorder)
	for _, micros := range []int64{5, 5, 100} {
		r.Record(latency.EndToEnd, micros*1_000)
	}
	before := r.Snapshot().Stage(latency.EndToEnd)
	for _, micros := range []int64{5, 7, -1} {
		r.Record(latency.EndToEnd, micros*1_000)
	}
	now := r.Snapshot().Stage(latency.EndToEnd)

	added := now.Since(before)
	if want := (latency.Summary{Count: 3, P50: 5, P90: 7, P99: 7, P999: 7, Max: 7, Clamped: 1}); added.Summary() != want || added.SumMicros() != 12 {
		t.Errorf("got %+v, sum %v, want %+v", added.Summary(), added.SumMicros(), want)
	}
	if fallen := before.Since(now); fallen.Summary() != (latency.Summary{}) {
		t.Errorf("what was taken away counts as %+v", fallen.Summary())
	}
	if all := now.Since(nil); all.Summary() != now.Summary() {
		t.Errorf("since nothing: %+v", all.Summary())
	}
	totals := latency.NewTotals()
	totals.Merge(latency.EndToEnd, added)
	totals.Merge(latency.EndToEnd, added)
	if got := totals.Snapshot().Stage(latency.EndToEnd); got.Count() != 6 || got.SumMicros() != 24 || got.Clamped() != 2 {
		t.Errorf("merged twice: %+v", got.Summary())
	}
}

func TestSnapshotWith(t *testing.T) {
	r := new(latency.StreamRecorder)
	r.Record(latency.EndToEnd, 5_000)
	before := r.Snapshot()
	after := new(latency.Snapshot).With(latency.EndToEnd, before.Stage(latency.EndToEnd))
	if after.Stage(latency.EndToEnd).Count() != 1 || before.With(latency.EndToEnd, nil).Stage(latency.EndToEnd).Count() != 0 || before.Stage(latency.EndToEnd).Count() != 1 {
		t.Error("With changed the wrong snapshot")
	}
}
