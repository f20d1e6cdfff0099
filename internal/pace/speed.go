package pace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Speed is how many seconds of the source pass in one second. Unpaced does not look at times at all.
type Speed float64

// Bounds of a speed.
const (
	MinSpeed Speed = 0.001
	MaxSpeed Speed = 1_000_000
)

// ErrSpeed says that a speed is neither a number within the bounds nor "max".
var ErrSpeed = errors.New("pace: speed")

// unpacedName is how Unpaced is written.
const unpacedName = "max"

// Unpaced is the speed at which everything is due at once.
func Unpaced() Speed { return Speed(math.Inf(1)) }

// IsUnpaced reports whether s is Unpaced.
func (s Speed) IsUnpaced() bool { return math.IsInf(float64(s), 1) }

// ParseSpeed reads "1", "10", "0.5" or "max".
func ParseSpeed(text string) (Speed, error) {
	if text == unpacedName {
		return Unpaced(), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%w %q: give a number from %v to %v, or %q", ErrSpeed, text, MinSpeed, MaxSpeed, unpacedName)
	}
	return Speed(v), Speed(v).Validate()
}

// Validate returns ErrSpeed unless s is Unpaced or within the bounds.
func (s Speed) Validate() error {
	if s.IsUnpaced() || s >= MinSpeed && s <= MaxSpeed {
		return nil
	}
	return fmt.Errorf("%w %v: give a number from %v to %v, or %q", ErrSpeed, s, MinSpeed, MaxSpeed, unpacedName)
}

// String is the inverse of ParseSpeed.
func (s Speed) String() string {
	if s.IsUnpaced() {
		return unpacedName
	}
	return strconv.FormatFloat(float64(s), 'f', -1, 64)
}
