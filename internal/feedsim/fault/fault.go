package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrFault says that a fault cannot be what it was said to be: show the error, it names the parameter, its value and what is allowed.
var ErrFault = errors.New("fault")

// Bounds of the parameters.
const (
	MaxLength = 10_000
	MaxTimes  = 1_000
	MaxRepeat = 100_000
	MaxTime   = 24 * time.Hour
)

// Fault is something that goes wrong. Zero is a parameter that is not given. Times but that of Silence are the market's, as the source tells it.
type Fault struct {
	// Kind is what goes wrong.
	Kind Kind
	// Rate is the probability that it happens to an event, above 0 up to 1. Not given: it happens once.
	Rate float64
	// At is when it happens, or begins, since the first event after it was injected. Default: with that event.
	At time.Duration
	// Every is how often it does so again. Default: never.
	Every time.Duration
	// For is how long it lasts. Not given: with a Rate or Skew, to the end.
	For time.Duration
	// Length is how many events of the symbol are lost, or overtake. Default 1.
	Length int
	// Times is how often more an event is sent, default 1, or how much faster a burst is.
	Times int
	// By is what is added to ts_event.
	By time.Duration
	// Repeat is how many events the publisher that takes over sends again, default 1000. It takes over when so many have been sent.
	Repeat int
}

// Parse reads a fault as people write it: its kind and its parameters, separated by spaces, such as "gap rate=0.001 length=3" or "silence at=30s for=5s".
func Parse(text string) (Fault, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Fault{}, fmt.Errorf("%w: give one such as %q", ErrFault, shapes[0].example)
	}
	f := Fault{Kind: Kind(words[0])}
	s, ok := shapeOf(f.Kind)
	if !ok {
		return Fault{}, fmt.Errorf("%w: there is no kind %.32q; there are %s", ErrFault, words[0], names(Kinds()))
	}
	var seen []key
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch k := key(name); {
		case !s.takes(k):
			return Fault{}, fmt.Errorf("%w: %s takes %s, not %.32q; an example: %s", ErrFault, f.Kind, names(append([]key{keyAt, keyEvery}, s.keys...)), name, s.example)
		case slices.Contains(seen, k):
			return Fault{}, fmt.Errorf("%w: %s is given twice", ErrFault, name)
		default:
			if err := f.set(k, value); err != nil {
				return Fault{}, fmt.Errorf("%w: %s is %.32q, give %s", ErrFault, name, value, expected(k))
			}
			seen = append(seen, k)
		}
	}
	f = f.withDefaults()
	return f, f.Validate()
}

func (f *Fault) set(k key, value string) (err error) {
	switch k {
	case keyRate:
		f.Rate, err = strconv.ParseFloat(value, 64)
		if err == nil && !(f.Rate > 0) { // not given is what 0 means
			err = strconv.ErrRange
		}
	case keyLength:
		f.Length, err = atLeastOne(value)
	case keyTimes:
		f.Times, err = atLeastOne(value)
	case keyRepeat:
		f.Repeat, err = atLeastOne(value)
	case keyAt:
		f.At, err = time.ParseDuration(value)
	case keyEvery:
		f.Every, err = time.ParseDuration(value)
	case keyFor:
		f.For, err = time.ParseDuration(value)
	case keyBy:
		f.By, err = time.ParseDuration(value)
	}
	return err
}

func atLeastOne(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err == nil && n < 1 {
		err = strconv.ErrRange
	}
	return n, err
}

func (f Fault) withDefaults() Fault {
	s, ok := shapeOf(f.Kind)
	if !ok {
		return f
	}
	fill := func(k key, n *int, value int) {
		if *n == 0 && s.takes(k) && !slices.Contains(s.needs, k) {
			*n = value
		}
	}
	fill(keyLength, &f.Length, 1)
	fill(keyTimes, &f.Times, 1)
	fill(keyRepeat, &f.Repeat, 1000)
	return f
}

// Validate returns ErrFault if a parameter is out of its range, missing, or not one of the kind.
func (f Fault) Validate() error {
	s, ok := shapeOf(f.Kind)
	if !ok {
		return fmt.Errorf("%w: there is no kind %.32q; there are %s", ErrFault, f.Kind, names(Kinds()))
	}
	for _, p := range f.parameters() {
		switch {
		case p.given && !s.takes(p.key):
			return fmt.Errorf("%w: %s takes no %s; an example: %s", ErrFault, f.Kind, p.key, s.example)
		case p.given && !p.inRange:
			return fmt.Errorf("%w: %s is %s, give %s", ErrFault, p.key, p.text, expected(p.key))
		case !p.given && slices.Contains(s.needs, p.key):
			return fmt.Errorf("%w: %s needs %s; an example: %s", ErrFault, f.Kind, p.key, s.example)
		}
	}
	switch {
	case f.For != 0 && s.perEvent() && f.Rate == 0:
		return fmt.Errorf("%w: for needs a rate: what happens once does not last", ErrFault)
	case f.Every != 0 && (f.Rate != 0 || f.Kind == Skew) && f.For == 0:
		return fmt.Errorf("%w: every needs for: what does not end cannot begin again", ErrFault)
	case f.Every != 0 && f.Kind != Silence && f.For >= f.Every:
		return fmt.Errorf("%w: for is %v, give less than every, %v", ErrFault, f.For, f.Every)
	}
	return nil
}

// parameter is one of a fault's.
type parameter struct {
	key            key
	text           string
	given, inRange bool
}

func (f Fault) parameters() []parameter {
	number := func(k key, n, most int) parameter {
		return parameter{k, strconv.Itoa(n), n != 0, n >= 1 && n <= most}
	}
	duration := func(k key, d, least time.Duration) parameter {
		return parameter{k, d.String(), d != 0, d >= least && d <= MaxTime}
	}
	return []parameter{
		{keyRate, strconv.FormatFloat(f.Rate, 'g', -1, 64), f.Rate != 0, f.Rate > 0 && f.Rate <= 1},
		duration(keyAt, f.At, 0), duration(keyEvery, f.Every, time.Millisecond), duration(keyFor, f.For, 1),
		number(keyLength, f.Length, MaxLength), number(keyTimes, f.Times, MaxTimes),
		duration(keyBy, f.By, -MaxTime), number(keyRepeat, f.Repeat, MaxRepeat),
	}
}

// expected says what values a parameter takes.
func expected(k key) string {
	switch k {
	case keyRate:
		return "a probability above 0, up to 1"
	case keyLength:
		return fmt.Sprintf("1 to %d events", MaxLength)
	case keyTimes:
		return fmt.Sprintf("1 to %d", MaxTimes)
	case keyRepeat:
		return fmt.Sprintf("1 to %d events", MaxRepeat)
	case keyBy:
		return "a duration such as 2s or -500ms, 24h at most"
	case keyEvery:
		return "a duration such as 30s, 1ms to 24h"
	case keyAt, keyFor:
	}
	return "a duration such as 5s, up to 24h"
}

// String is the inverse of Parse.
func (f Fault) String() string {
	words := []string{string(f.Kind)}
	for _, p := range f.parameters() {
		if p.given {
			words = append(words, string(p.key)+"="+p.text)
		}
	}
	return strings.Join(words, " ")
}

// names joins words for people.
func names[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}
