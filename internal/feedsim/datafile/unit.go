package datafile

import (
	"errors"
	"math"
	"strings"
	"time"

	"tickgate/pkg/tick"
)

// Unit of a column of times, in nanoseconds; or Dates.
type Unit int64

// The units.
const (
	Nanoseconds  Unit = 1
	Microseconds Unit = 1_000
	Milliseconds Unit = 1_000_000
	Seconds      Unit = 1_000_000_000
	Dates        Unit = -1 // text such as 2024-08-08 23:57:00.123 or 2024-08-08T23:57:00Z, UTC unless it says otherwise
)

// units in the order of messages.
var units = []struct {
	name string
	unit Unit
}{{"ns", Nanoseconds}, {"us", Microseconds}, {"ms", Milliseconds}, {"s", Seconds}, {"date", Dates}}

// Errors of times.
var (
	errTimeRange = errors.New("not a time from 1970 to 2262")
	errDate      = errors.New("not a date such as 2024-08-08T23:57:00.123Z")
)

// Time returns the time of that many units since 1970; unit is not Dates.
func (u Unit) Time(count int64) (tick.Time, error) {
	if count < 0 || count > math.MaxInt64/int64(u) {
		return 0, errTimeRange
	}
	return tick.Time(count * int64(u)), nil
}

// layoutOf returns the layout that a date has if it is one; fractions of a second are read by each. A time without a zone is UTC.
func layoutOf(text string) string {
	const date, seconds = len("2006-01-02"), len("2006-01-02T15:04:05")
	if len(text) <= date {
		return time.DateOnly
	}
	isZoned := len(text) > seconds && strings.ContainsAny(text[seconds:], "Z+-")
	switch isT := text[date] == 'T'; {
	case isT && isZoned:
		return time.RFC3339
	case isT:
		return "2006-01-02T15:04:05"
	case isZoned:
		return "2006-01-02 15:04:05Z07:00"
	}
	return time.DateTime
}

// ParseDate reads a date with or without a time of day, to the nanosecond.
func ParseDate(text string) (tick.Time, error) {
	t, err := time.Parse(layoutOf(text), text)
	if err != nil {
		return 0, errDate
	}
	if nanoseconds := t.UnixNano(); t.Unix() >= 0 && nanoseconds >= 0 && t.Year() < 2262 {
		return tick.Time(nanoseconds), nil
	}
	return 0, errTimeRange
}
