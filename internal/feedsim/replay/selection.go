package replay

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/pkg/tick"
)

// ErrNothing says that the selection leaves nothing of what there is; its text says what there is.
var ErrNothing = errors.New("replay: nothing is selected")

// Selection says what of the sources is played. The zero value is everything.
type Selection struct {
	// Symbols and Venues are patterns, of which a name fits one: * is any text, ? any character, [a-f] one of some. The venue of a symbol is what stands behind its last point. None: all.
	Symbols, Venues []string
	// From is the time of recording of the first event, To the first that is not played any more.
	From, To Moment
}

func (s Selection) validate() error {
	for setting, patterns := range map[string][]string{"symbols": s.Symbols, "venues": s.Venues} {
		for _, pattern := range patterns {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				return fmt.Errorf("%w: %s: %q is not a pattern such as BTC*", ErrConfig, setting, pattern)
			}
		}
	}
	if s.From.isGiven && s.To.isGiven && s.From.isOfDay == s.To.isOfDay && s.From.at >= s.To.at {
		return fmt.Errorf("%w: from is not before to", ErrConfig)
	}
	return nil
}

// needsBegin reports whether the times depend on when the recording begins.
func (s Selection) needsBegin() bool { return s.From.isOfDay || s.To.isOfDay }

// Has reports whether a symbol is selected.
func (s Selection) Has(symbol string) bool {
	return fits(s.Symbols, symbol) && fits(s.Venues, venueOf(symbol))
}

func fits(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(unslashed(pattern), unslashed(name)) // a bad pattern was refused
		return ok
	})
}

// unslashed takes from a slash that a star does not go over it: BTC/USD is no path.
func unslashed(name string) string { return strings.ReplaceAll(name, "/", "\x00") }

// venueOf returns the venue of a listing, of a clone that of its original; nothing if the symbol names none.
func venueOf(symbol string) string {
	name := originalOf(symbol)
	if point := strings.LastIndexByte(name, '.'); point >= 0 {
		return name[point+1:]
	}
	return ""
}

// selected gives what is selected of a source.
type selected struct {
	source   feedsim.Source
	selects  Selection
	from, to tick.Time

	verdicts    map[string]bool // of the symbols that there are; nil: all are selected
	first, last tick.Time       // of what was read
	read, given uint64
	isPart      bool // of what is selected, and may have nothing
	ended       bool // nothing that follows is selected
}

// withSelection returns the source itself if everything is selected.
func withSelection(source feedsim.Source, s Selection, begin tick.Time, isPart bool) (feedsim.Source, error) {
	selected := &selected{source: source, selects: s, from: s.From.of(begin, 0), to: s.To.of(begin, math.MaxInt64), isPart: isPart}
	if len(s.Symbols)+len(s.Venues) > 0 {
		selected.verdicts = make(map[string]bool)
	}
	switch {
	case selected.from >= selected.to:
		return nil, fmt.Errorf("%w: from %s is not before to %s", ErrConfig, utc(selected.from), utc(selected.to))
	case selected.verdicts == nil && !s.From.isGiven && !s.To.isGiven:
		return source, nil
	}
	return selected, nil
}

// Next returns the next item that is selected.
func (s *selected) Next() (*feedsim.Item, error) {
	for !s.ended {
		item, err := s.source.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		s.note(item.At)
		switch {
		case item.At >= s.to: // times never decrease
			s.ended = true
		case s.takes(item.Symbol) && item.At >= s.from:
			s.given++
			return item, nil
		}
	}
	if s.given == 0 && !s.isPart {
		return nil, s.nothing()
	}
	return nil, io.EOF
}

func (s *selected) note(at tick.Time) {
	if s.read == 0 {
		s.first = at
	}
	s.read, s.last = s.read+1, at
}

func (s *selected) takes(symbol string) bool {
	if s.verdicts == nil {
		return true
	}
	verdict, known := s.verdicts[symbol]
	if !known {
		verdict = s.selects.Has(symbol)
		s.verdicts[symbol] = verdict
	}
	return verdict
}

// namesShown is how many symbols are named where nothing is selected.
const namesShown = 8

// nothing says what was asked for, and what there is.
func (s *selected) nothing() error {
	var asked []string
	if len(s.selects.Symbols) > 0 {
		asked = append(asked, "symbols "+strings.Join(s.selects.Symbols, ","))
	}
	if len(s.selects.Venues) > 0 {
		asked = append(asked, "venues "+strings.Join(s.selects.Venues, ","))
	}
	if s.selects.From.isGiven {
		asked = append(asked, "from "+utc(s.from))
	}
	if s.selects.To.isGiven {
		asked = append(asked, "to "+utc(s.to))
	}
	there := "there are no events"
	if s.read > 0 {
		there = fmt.Sprintf("the first event that was read is of %s, the last one of %s", utc(s.first), utc(s.last))
	}
	if len(s.verdicts) > 0 {
		names := slices.Sorted(maps.Keys(s.verdicts))
		there += fmt.Sprintf("; they are of %d symbols: %s", len(names), strings.Join(names[:min(len(names), namesShown)], ", "))
		if len(names) > namesShown {
			there += ", …"
		}
	}
	return fmt.Errorf("%w by %s: %s", ErrNothing, strings.Join(asked, ", "), there)
}

func utc(t tick.Time) string { return time.Unix(0, int64(t)).UTC().Format(time.RFC3339Nano) }

// Close closes the source.
func (s *selected) Close() error { return s.source.Close() }
