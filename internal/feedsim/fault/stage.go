package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"tickgate/internal/feedsim/publish"
	"tickgate/pkg/tick"
)

// Stage stands between a source and its publisher.
type Stage struct {
	// Immutable after New.
	config    Config
	publisher *publish.Publisher
	setBurst  func(from tick.Time, times float64)

	// Owned by the publishing goroutine.
	names    [2]string // of the publisher, and of the one that stands by
	active   []*active
	injected uint64 // faults so far
	played   played
	now      time.Duration // played up to the present event
	position tick.Time     // of it
	listings map[string]*listing
	order    []*listing // all of them, as they came
	open     int        // of them, those with a gap or a held event
	recent   []sent     // for Failover; the newest last
	err      error

	happened atomic.Uint64
}

// listing is one symbol.
type listing struct {
	symbol string
	lost   int         // events still to come into the gap
	held   *tick.Event // that others overtake; nil: none
	behind int         // how many it is sent behind
	passed int         // how many have overtaken it
	newest uint64      // sequence sent
}

// sent is an event that may be sent again.
type sent struct {
	symbol string
	event  tick.Event
}

// standbySuffix makes the name of the publisher that takes over.
const standbySuffix = "-2"

// New returns a stage in front of a publisher. It calls setBurst to have the source play so many times as fast, from a time of it on.
func New(c Config, publisher *publish.Publisher, setBurst func(from tick.Time, times float64)) (*Stage, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Stage{
		config: c, publisher: publisher, setBurst: setBurst, names: [2]string{publisher.Name(), publisher.Name() + standbySuffix},
		listings: make(map[string]*listing),
	}
	for _, f := range c.Faults {
		if err := s.Inject(f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Inject begins a fault, whose times count from the next event on.
func (s *Stage) Inject(f Fault) error {
	f = f.withDefaults()
	if err := f.Validate(); err != nil {
		return err
	}
	if len(s.active) == MaxActive {
		return fmt.Errorf("%w: at most %d at a time", ErrLimit, MaxActive)
	}
	if err := tick.ValidateSymbol(s.names[1]); f.Kind == Failover && err != nil {
		return fmt.Errorf("%w: failover: %q is the name of the one that takes over: %w", ErrFault, s.names[1], err)
	}
	if s.Idle() {
		s.played = played{}
	}
	s.injected++
	s.active = append(s.active, &active{
		Fault: f, random: rand.New(rand.NewPCG(s.config.Seed, s.injected)), begins: s.played.sum() + f.At,
	})
	return nil
}

// Clear ends all faults. Gaps that have begun come to their end all the same, since the log says how long they are. The source plays at its own pace from at on.
func (s *Stage) Clear(at tick.Time) {
	s.active, s.recent = nil, nil
	s.setBurst(at, 1)
}

// Active returns the faults that happen, or will, as Parse reads them.
func (s *Stage) Active() []string {
	var texts []string
	for _, a := range s.active {
		texts = append(texts, a.String())
	}
	return texts
}

// Happened returns how often a fault has happened. It may be called from anywhere.
func (s *Stage) Happened() uint64 { return s.happened.Load() }

// Err returns why the log cannot be written any more; nil if it can.
func (s *Stage) Err() error { return s.err }

// Idle reports whether nothing stands between source and publisher.
func (s *Stage) Idle() bool { return len(s.active) == 0 && s.open == 0 }

// Jump says that the next event does not follow on the last one.
func (s *Stage) Jump() { s.played.jump() }

// EndPass sends what is held back, and says that the next event is the first of another epoch.
func (s *Stage) EndPass() {
	for _, l := range s.order {
		if l.held != nil {
			s.release(l)
		}
		l.lost = 0
	}
	s.open = 0
	s.Jump()
}

// of calls yield for the active faults of a kind.
func (s *Stage) of(kind Kind) func(yield func(*active) bool) {
	return func(yield func(*active) bool) {
		for _, a := range s.active {
			if a.Kind == kind && !a.over && !yield(a) {
				return
			}
		}
	}
}

// happening returns a fault of a kind that happens to the present event, nil if none does.
func (s *Stage) happening(kind Kind) *active {
	for a := range s.of(kind) {
		if a.happens(s.now) {
			return a
		}
	}
	return nil
}

// forget drops the faults that are over.
func (s *Stage) forget() {
	s.active = slices.DeleteFunc(s.active, func(a *active) bool { return a.over })
}

func (s *Stage) listing(symbol string) *listing {
	l := s.listings[symbol]
	if l == nil {
		l = &listing{symbol: symbol}
		s.listings[symbol] = l
		s.order = append(s.order, l)
	}
	return l
}

// write logs a fault that happens now.
func (s *Stage) write(r Record) {
	s.happened.Add(1)
	if s.config.Log == nil || s.err != nil {
		return
	}
	r.Time = s.config.Now().UTC()
	if r.Position == 0 {
		r.Position = s.position
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = s.config.Log.Write(append(line, '\n'))
	}
	if err != nil {
		s.err = fmt.Errorf("%w: %w", ErrLog, err)
	}
}
