package replay

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/pkg/tick"
)

// Bounds of the clones.
const (
	maxClones     = 9_999
	maxClonedHeld = 5_000_000 // events that wait for their last clone
)

// ErrClones says that the clones lie too far behind: their memory is all events of clones times shift. Give fewer, or a smaller clone-shift.
var ErrClones = errors.New("replay: too many events wait for their clones; give fewer clones or a smaller clone-shift")

// cloned makes a larger market: each event of a symbol is played again by clones of it, each so much later. At equal times the original is first, then its clones in order.
type cloned struct {
	source feedsim.Source
	delays []tick.Time         // of the clones, ascending
	names  map[string][]string // of the clones, by original

	held    []feedsim.Item // played by the original, the oldest first
	played  int            // of them by every clone
	cursors cursors        // of the clones that have something to play
	waiting []*position    // of those that have played all there was
	next    *feedsim.Item  // of the original; nil: not read yet, or none
	ended   bool           // the original
	out     feedsim.Item
}

// position is where a clone is.
type position struct {
	clone int       // from 1
	event int       // its next one, in held
	due   tick.Time // of that
}

// cursors is a heap by due, of equal times by clone.
type cursors []*position

func (c cursors) Len() int { return len(c) }
func (c cursors) Less(i, j int) bool {
	return c[i].due < c[j].due || c[i].due == c[j].due && c[i].clone < c[j].clone
}
func (c cursors) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)   { *c = append(*c, x.(*position)) }
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// cloneDelays returns how much later than the original each clone plays. Without a seed number k is k times shift late; with one they are anywhere within all the shifts together, the same for the same
// seed.
func cloneDelays(clones int, shift time.Duration, seed uint64) []tick.Time {
	delays := make([]tick.Time, clones)
	for k := range delays {
		delays[k] = tick.Time(k+1) * tick.Time(shift)
	}
	if seed == 0 || clones == 0 {
		return delays
	}
	random := rand.New(rand.NewPCG(seed, 0))
	last := delays[clones-1]
	for k := range delays {
		delays[k] = 1 + tick.Time(random.Int64N(int64(last)))
	}
	slices.Sort(delays)
	return delays
}

// withClones returns the source itself if there are to be no clones.
func withClones(source feedsim.Source, delays []tick.Time) feedsim.Source {
	if len(delays) == 0 {
		return source
	}
	c := &cloned{source: source, delays: delays, names: make(map[string][]string)}
	for k := range delays {
		c.waiting = append(c.waiting, &position{clone: k + 1})
	}
	return c
}

// due returns when a clone plays what the original played at a time.
func (c *cloned) due(clone int, at tick.Time) tick.Time { return at + c.delays[clone-1] }

// Next returns the earliest of the original's next event and those of the clones.
func (c *cloned) Next() (*feedsim.Item, error) {
	if c.next == nil && !c.ended {
		if err := c.read(); err != nil {
			return nil, err
		}
	}
	if c.next != nil && (len(c.cursors) == 0 || c.next.At <= c.cursors[0].due) {
		return c.original()
	}
	if len(c.cursors) == 0 {
		return nil, io.EOF
	}
	return c.clone()
}

func (c *cloned) read() error {
	item, err := c.source.Next()
	if errors.Is(err, io.EOF) {
		c.ended = true
		return nil
	}
	c.next = item
	return err
}

// original plays the original's next event and keeps it for the clones.
func (c *cloned) original() (*feedsim.Item, error) {
	if err := c.admit(c.next.Symbol); err != nil {
		return nil, err
	}
	if len(c.held)-c.played == maxClonedHeld {
		return nil, fmt.Errorf("%w (%d clones, the last %v late)", ErrClones, len(c.delays), time.Duration(c.delays[len(c.delays)-1]))
	}
	c.out, c.next = *c.next, nil
	c.held = append(c.held, c.out)
	for _, waiting := range c.waiting {
		waiting.due = c.due(waiting.clone, c.out.At)
		heap.Push(&c.cursors, waiting)
	}
	c.waiting = c.waiting[:0]
	return &c.out, nil
}

// clone plays the next event of the clone whose turn it is.
func (c *cloned) clone() (*feedsim.Item, error) {
	cursor := c.cursors[0]
	event := &c.held[cursor.event]
	c.out = *event
	c.out.At, c.out.Symbol = cursor.due, c.names[event.Symbol][cursor.clone-1]
	cursor.event++
	if cursor.event < len(c.held) {
		cursor.due = c.due(cursor.clone, c.held[cursor.event].At)
		heap.Fix(&c.cursors, 0)
	} else {
		c.waiting = append(c.waiting, heap.Pop(&c.cursors).(*position))
	}
	if cursor.clone == len(c.delays) { // the last to play it
		c.played++
		c.forget()
	}
	return &c.out, nil
}

// forget drops what every clone has played, once that is half of what is held.
func (c *cloned) forget() {
	const least = 1024
	if c.played < least || c.played < len(c.held)/2 {
		return
	}
	kept := copy(c.held, c.held[c.played:])
	clear(c.held[kept:])
	c.held = c.held[:kept]
	for _, list := range [][]*position{c.cursors, c.waiting} {
		for _, cursor := range list {
			cursor.event -= c.played
		}
	}
	c.played = 0
}

// admit names the clones of a symbol that comes for the first time.
func (c *cloned) admit(original string) error {
	if c.names[original] != nil {
		return nil
	}
	names := make([]string, len(c.delays))
	for k := range names {
		names[k] = cloneName(original, k+1)
		if err := tick.ValidateSymbol(names[k]); err != nil {
			return fmt.Errorf("replay: a clone of %q: %w; shorten the names with the symbol setting", original, err)
		}
	}
	c.names[original] = names
	return nil
}

// cloneName names a clone: BTCUSDT.BINANCE_SPOT.C0001.
func cloneName(original string, clone int) string { return fmt.Sprintf("%s.C%04d", original, clone) }

// cloneSuffix ends the name of a clone.
var cloneSuffix = regexp.MustCompile(`\.C\d{4}$`)

// originalOf returns the name without what cloneName puts behind it.
func originalOf(name string) string { return cloneSuffix.ReplaceAllString(name, "") }

// Close closes the source.
func (c *cloned) Close() error { return c.source.Close() }
