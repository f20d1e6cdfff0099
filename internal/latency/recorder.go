package latency

import "github.com/HdrHistogram/hdrhistogram-go"

// Recorder gathers the values of one flush worker between two merges. It belongs to that worker's goroutine.
type Recorder struct {
	intervals [stageCount]interval
}

// interval is what one stage has gathered since the last merge.
type interval struct {
	histogram *hdrhistogram.Histogram // dense: recording is an increment and never allocates
	sumMicros int64
	maxMicros int64
	clamped   uint64
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder {
	r := new(Recorder)
	for i := range r.intervals {
		r.intervals[i].histogram = hdrhistogram.New(lowestMicros, MaxMicros, totalDigits)
	}
	return r
}

// Record adds one value in nanoseconds. One below 0 counts as 0, one above 60 s as 60 s, and both as clamped.
func (r *Recorder) Record(stage Stage, nanos int64) {
	in := &r.intervals[stage.index()]
	value, clamped := micros(nanos)
	if in.histogram.RecordValue(value) != nil {
		return // not reached: the value is in range, and the count starts anew with every merge
	}
	in.sumMicros += value
	in.maxMicros = max(in.maxMicros, value)
	in.clamped += clamped
}

// TryMergeInto moves what has gathered to the totals, unless somebody else is at them: then everything stays for the next call. It never
// waits. It reports whether the recorder is empty now.
func (r *Recorder) TryMergeInto(t *Totals) bool {
	if !t.mu.TryLock() {
		return false
	}
	defer t.mu.Unlock()
	r.mergeLocked(t)
	return true
}

// MergeInto moves what has gathered to the totals, and waits for them: for the end of a worker, when there is no next call.
func (r *Recorder) MergeInto(t *Totals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.mergeLocked(t)
}

func (r *Recorder) mergeLocked(t *Totals) {
	for i := range r.intervals {
		in, total := &r.intervals[i], t.stages[i]
		if in.histogram.TotalCount() == 0 {
			continue
		}
		total.histogram.MergeFrom(in.histogram)
		total.sumMicros += float64(in.sumMicros)
		total.maxMicros = max(total.maxMicros, in.maxMicros)
		total.clamped += in.clamped
		in.histogram.Reset()
		in.sumMicros, in.maxMicros, in.clamped = 0, 0, 0
	}
}
