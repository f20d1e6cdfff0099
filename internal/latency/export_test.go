package latency

// Hold keeps everybody else from the totals until release is called.
func (t *Totals) Hold() (release func()) {
	t.mu.Lock()
	return t.mu.Unlock
}

// Bytes returns the memory of the recorder's histograms.
func (r *StreamRecorder) Bytes() int {
	bytes := 0
	for _, d := range r.stages {
		if d != nil {
			bytes += d.histogram.GetMemorySize()
		}
	}
	return bytes
}
