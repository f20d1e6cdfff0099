package latency

import "sync"

// Totals is the values of all workers since the start. All methods may be called by any goroutine.
type Totals struct {
	mu     sync.Mutex
	stages [stageCount]*Distribution // guarded by mu
}

// NewTotals returns empty totals.
func NewTotals() *Totals {
	t := new(Totals)
	for i := range t.stages {
		t.stages[i] = newDistribution(totalDigits)
	}
	return t
}

// Merge adds a distribution to a stage: the newest part of what a client reports.
func (t *Totals) Merge(stage Stage, d *Distribution) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stages[stage.index()].merge(d)
}

// Snapshot returns a copy of everything.
func (t *Totals) Snapshot() *Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := new(Snapshot)
	for i, d := range t.stages {
		s.stages[i] = d.clone()
	}
	return s
}

// Snapshot is the distributions of all stages at one moment. The zero value has none.
type Snapshot struct {
	stages [stageCount]*Distribution // nil: no values
}

// Stage returns the distribution of a stage, which may be empty.
func (s *Snapshot) Stage(stage Stage) *Distribution {
	if d := s.stages[stage.index()]; d != nil {
		return d
	}
	return newDistribution(streamDigits)
}

// With returns a snapshot that has d as the distribution of a stage: what the client reported, in a stream's report.
func (s *Snapshot) With(stage Stage, d *Distribution) *Snapshot {
	c := *s
	c.stages[stage.index()] = d
	return &c
}
