package replay

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/feedsim"
	"tickgate/pkg/tick"
)

// listed is a source of items that are known.
type listed struct{ items []feedsim.Item }

func (l *listed) Next() (*feedsim.Item, error) {
	if len(l.items) == 0 {
		return nil, io.EOF
	}
	item := l.items[0]
	l.items = l.items[1:]
	return &item, nil
}

func (l *listed) Close() error { return nil }

func drain(t interface{ Fatal(...any) }, source feedsim.Source) (all []feedsim.Item) {
	for {
		item, err := source.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *item)
	}
}

// TestClonesPlayWhatTheOriginalPlayed compares with a model that lists everything and sorts it.
func TestClonesPlayWhatTheOriginalPlayed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clones := rapid.IntRange(1, 5).Draw(t, "clones")
		shift := time.Duration(rapid.IntRange(1, 20).Draw(t, "shift"))
		delays := cloneDelays(clones, shift, uint64(rapid.IntRange(0, 3).Draw(t, "seed")))
		gaps := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 60).Draw(t, "gaps")
		var items, want []feedsim.Item
		at := tick.Time(1_000)
		for i, gap := range gaps {
			at += tick.Time(gap)
			item := feedsim.Item{Symbol: string(rune('A' + i%3)), At: at}
			item.Event.Sequence = uint64(i)
			items = append(items, item)
		}
		for k := 0; k <= clones; k++ {
			for _, item := range items {
				if k > 0 {
					item.At += delays[k-1]
					item.Symbol = cloneName(item.Symbol, k)
				}
				want = append(want, item)
			}
		}
		slices.SortStableFunc(want, func(a, b feedsim.Item) int { return int(a.At - b.At) })
		got := drain(t, withClones(&listed{items}, delays))
		if !slices.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", show(got), show(want))
		}
	})
}

func show(items []feedsim.Item) string {
	var out strings.Builder
	for _, item := range items {
		fmt.Fprintf(&out, "%s@%d#%d ", item.Symbol, item.At, item.Event.Sequence)
	}
	return out.String()
}

// TestCloneDelays: in order, within all shifts together, and the same for the same seed.
func TestCloneDelays(t *testing.T) {
	const clones, shift = 50, time.Second
	first, again, other := cloneDelays(clones, shift, 7), cloneDelays(clones, shift, 7), cloneDelays(clones, shift, 8)
	if !slices.IsSorted(first) || first[0] <= 0 || first[clones-1] > tick.Time(clones*shift) || !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("seed 7: %d\nagain: %d\nseed 8: %d", first, again, other)
	}
}

func TestNoClonesIsTheSourceItself(t *testing.T) {
	source := &listed{}
	if withClones(source, cloneDelays(0, time.Second, 5)) != feedsim.Source(source) {
		t.Error("a stage was put in without need")
	}
}

func TestClonesNeedValidNames(t *testing.T) {
	source := withClones(&listed{[]feedsim.Item{{Symbol: strings.Repeat("A", 60)}}}, cloneDelays(1, time.Second, 0))
	if _, err := source.Next(); !errors.Is(err, tick.ErrInvalidSymbol) {
		t.Errorf("a clone with a name of 66 bytes: %v", err)
	}
}

// TestCloningForgets: what every clone has played is not held.
func TestCloningForgets(t *testing.T) {
	var items []feedsim.Item
	for i := range 100_000 {
		items = append(items, feedsim.Item{Symbol: "A", At: tick.Time(i)})
	}
	source := withClones(&listed{items}, cloneDelays(3, 10, 0)).(*cloned)
	most := 0
	for {
		if _, err := source.Next(); err != nil {
			break
		}
		most = max(most, len(source.held))
	}
	if most > 4_096 {
		t.Errorf("%d events were held at the same time, of which 30 were needed", most)
	}
}

// endless is a source of events of one symbol, 1.9 ms apart.
type endless struct{ item feedsim.Item }

func (e *endless) Next() (*feedsim.Item, error) {
	e.item.At += 1_900_000
	return &e.item, nil
}

func (e *endless) Close() error { return nil }

// BenchmarkClones times one event of a market of a symbol and 99 clones.
func BenchmarkClones(b *testing.B) {
	source := withClones(&endless{feedsim.Item{Symbol: "A"}}, cloneDelays(99, 50*time.Millisecond, 0))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
