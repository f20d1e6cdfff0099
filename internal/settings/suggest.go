package settings

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// unknown returns the error for a name that is no setting. where is the source and the spelling as found; spell is how the source spells
// a name.
func (s *Set) unknown(where, name string, spell func(string) string) error {
	if near := s.nearest(name); near != "" {
		return fmt.Errorf("%w: %s, did you mean %s?", ErrUnknown, where, spell(near))
	}
	return fmt.Errorf("%w: %s, --help lists them", ErrUnknown, where)
}

// nearest returns the setting that name is most likely a misspelling of, "" if none is near.
func (s *Set) nearest(name string) string {
	plain := func(text string) string {
		return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(text))
	}
	name = strings.TrimPrefix(plain(name), plain(s.envPrefix))
	nearest, least := "", min(3, 1+len(name)/5)+1
	s.settings(func(flag *pflag.Flag) {
		if d := distance(name, flag.Name); d < least {
			nearest, least = flag.Name, d
		}
	})
	return nearest
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	var before []int // the row before last
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
