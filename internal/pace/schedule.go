package pace

import (
	"time"

	"tickgate/pkg/tick"
)

// Schedule says when an event of a source is due. The zero value is not usable.
type Schedule struct {
	clock    Clock
	speed    Speed
	anchored bool
	// The source's time anchorAt is due at anchorDue; every other time follows from the speed.
	anchorAt  tick.Time
	anchorDue time.Time
}

// NewSchedule returns a schedule that anchors itself at the first event it is asked for.
func NewSchedule(clock Clock, speed Speed) *Schedule {
	return &Schedule{clock: clock, speed: speed}
}

// Restart forgets the anchor: the next event is due at once, and the others relative to it.
func (s *Schedule) Restart() { s.anchored = false }

// Anchor has the source's time at be due now, and the others relative to it.
func (s *Schedule) Anchor(at tick.Time) {
	s.anchored, s.anchorAt, s.anchorDue = true, at, s.clock.Now()
}

// SetSpeed changes the speed from the source's time at on: what is due until then stays due when it was.
func (s *Schedule) SetSpeed(speed Speed, at tick.Time) {
	if s.anchored || s.speed.IsUnpaced() {
		s.anchored, s.anchorAt, s.anchorDue = true, at, s.Due(at)
	}
	s.speed = speed
}

// Reading returns the source's time that is due now. There is none before the first event, and none when unpaced.
func (s *Schedule) Reading() (at tick.Time, ok bool) {
	if !s.anchored || s.speed.IsUnpaced() {
		return 0, false
	}
	elapsed := tick.Time(s.clock.Now().Sub(s.anchorDue))
	if s.speed != 1 {
		elapsed = tick.Time(float64(elapsed) * float64(s.speed))
	}
	return s.anchorAt + elapsed, true
}

// Speed returns the speed.
func (s *Schedule) Speed() Speed { return s.speed }

// Due returns when an event at the source's time is due. Unpaced, that is always now.
func (s *Schedule) Due(at tick.Time) time.Time {
	if s.speed.IsUnpaced() {
		return s.clock.Now()
	}
	if !s.anchored {
		s.anchored, s.anchorAt, s.anchorDue = true, at, s.clock.Now()
	}
	elapsed := at - s.anchorAt
	if s.speed != 1 { // exact at the original pace; 2^53 ns are 104 days otherwise
		elapsed = tick.Time(float64(elapsed) / float64(s.speed))
	}
	return s.anchorDue.Add(time.Duration(elapsed))
}
