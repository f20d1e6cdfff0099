package latency

// StreamRecorder gathers the values of one stream since its first request for them. It belongs to the flush worker that sends to the stream. The zero
// value is ready.
//
// There may be tens of thousands, so it is sparse: recording allocates when a value comes that has no bucket yet, and no more once the usual ones
// have been seen.
type StreamRecorder struct {
	stages [stageCount]*Distribution // nil: no value yet
}

// Record adds one value in nanoseconds. One below 0 counts as 0, one above 60 s as 60 s, and both as clamped.
func (r *StreamRecorder) Record(stage Stage, nanos int64) {
	d := r.stages[stage.index()]
	if d == nil {
		d = newDistribution(streamDigits)
		r.stages[stage.index()] = d
	}
	value, clamped := micros(nanos)
	if d.histogram.RecordValue(value) != nil {
		return // not reached: the value is in range, and 2^63 values are not counted in a stream's life
	}
	d.sumMicros += float64(value)
	d.maxMicros = max(d.maxMicros, value)
	d.clamped += clamped
}

// Snapshot returns a copy for another goroutine to summarise and encode, which takes longer than a flush worker should.
func (r *StreamRecorder) Snapshot() *Snapshot {
	s := new(Snapshot)
	for i, d := range r.stages {
		if d != nil {
			s.stages[i] = d.clone()
		}
	}
	return s
}
