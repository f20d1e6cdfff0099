package main

import (
	"errors"
	"fmt"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/pace"
	"tickgate/internal/settings"
)

// Values of event-time.
const (
	eventTimeIntended = "intended"
	eventTimeRecorded = "recorded"
	eventTimeNone     = "none"
)

// timing is when events are published, and what time they carry.
type timing struct {
	speed     string
	eventTime string
	source    string // value of event-time for what the source says
	step      time.Duration
}

func (t *timing) register(set *settings.Set, source string) {
	t.source = source
	set.Flags().StringVar(&t.speed, "speed", t.speed, "`times` the pace, such as 10 or 0.5; max: no pace")
	set.Flags().StringVar(&t.eventTime, "event-time", t.eventTime,
		fmt.Sprintf("`ts_event` of events: %s (when each was due, for measuring latency) or %s", eventTimeIntended, source))
	set.Flags().DurationVar(&t.step, "step", t.step, "publish only at multiples of this `time`, so that batch finds more that is due together; 0: each event when it is due")
}

// feed returns the part of the feed's configuration that the settings decide, for one pass.
func (t *timing) feed(set *settings.Set) (feedsim.Config, error) {
	if t.step < 0 {
		return feedsim.Config{}, set.Check("step", errors.New("give 0 or more"))
	}
	config := feedsim.Config{Passes: 1, Clock: pace.Stepped(pace.Precise(), t.step)}
	speed, err := pace.ParseSpeed(t.speed)
	if err != nil {
		return config, set.Check("speed", err)
	}
	config.Speed = speed
	switch t.eventTime {
	case eventTimeIntended:
		config.EventTime = feedsim.EventTimeIntended
	case t.source:
		config.EventTime = feedsim.EventTimeRecorded
	default:
		return config, set.Check("event-time", fmt.Errorf("expected %s or %s", eventTimeIntended, t.source))
	}
	return config, nil
}
