package replay

import (
	"errors"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// ErrMoment says that a text is no moment.
var ErrMoment = errors.New("not a moment such as 2024-08-08T10:30:00Z, 10:30 or 10:30:15")

// Moment is a time of a recording: a date, or a time of the day on which the recording begins. The zero value is none.
type Moment struct {
	at      tick.Time // since 1970, or since midnight
	isGiven bool
	isOfDay bool
}

// At returns the moment of a date.
func At(t tick.Time) Moment { return Moment{at: t, isGiven: true} }

const day = tick.Time(24 * time.Hour)

// ParseMoment reads a date, or a time of day in UTC; nothing is the zero Moment.
func ParseMoment(text string) (Moment, error) {
	if text == "" {
		return Moment{}, nil
	}
	if at, err := datafile.ParseDate(text); err == nil {
		return At(at), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} { // a fraction of a second is read, too
		if at, err := time.Parse(layout, text); err == nil {
			midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
			return Moment{at: tick.Time(at.Sub(midnight)), isGiven: true, isOfDay: true}, nil
		}
	}
	return Moment{}, ErrMoment
}

// Date returns the time of a date; false if it is none.
func (m Moment) Date() (tick.Time, bool) { return m.at, m.isGiven && !m.isOfDay }

// TimeOfDay returns how long after midnight a time of day is; false if it is none.
func (m Moment) TimeOfDay() (time.Duration, bool) { return time.Duration(m.at), m.isOfDay }

// of returns the time that the moment is in a recording that begins at another; standard if it is none.
func (m Moment) of(begin, standard tick.Time) tick.Time {
	switch {
	case !m.isGiven:
		return standard
	case m.isOfDay:
		return begin - begin%day + m.at
	}
	return m.at
}
