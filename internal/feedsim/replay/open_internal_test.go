package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
)

// session is a recording of some minutes in Parquet, a quote and half a second later a trade of each of two symbols per second, in files of two minutes. The trades begin later, so that their row groups
// end at other times.
func session(t *testing.T, minutes int) [][]datafile.File {
	t.Helper()
	const tradesBegin = 7
	return [][]datafile.File{
		recorded(t, tick.KindQuote, minutes, 0, func(second int) feedsim.Item {
			e := tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(second + 1 + max(0, second-tradesBegin)), Quote: tick.Quote{BidPrice: tick.Some(int64(second))}}
			return feedsim.Item{At: at(second), Event: e}
		}),
		recorded(t, tick.KindTrade, minutes, tradesBegin, func(second int) feedsim.Item {
			e := tick.Event{Kind: tick.KindTrade, Epoch: 1, Sequence: uint64(second + 2 + second - tradesBegin), Trade: tick.Trade{Price: int64(second), Size: 1}}
			return feedsim.Item{At: at(second) + tick.Time(time.Second/2), Event: e}
		}),
	}
}

// recorded are the files of one kind.
func recorded(t *testing.T, kind tick.Kind, minutes, first int, event func(second int) feedsim.Item) (files []datafile.File) {
	t.Helper()
	for begin := 0; begin < minutes; begin += 2 {
		var b bytes.Buffer
		w := parquetfile.NewWriter(&b, kind)
		for second := max(first, begin*60); second < (begin+2)*60; second++ {
			for _, symbol := range []string{"A.V", "B.V"} {
				item := event(second)
				item.Symbol = symbol
				if err := w.Write(&item); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f := datafile.Path(filepath.Join(t.TempDir(), "part.parquet"))
		f.Begin = at(begin * 60)
		if err := os.WriteFile(f.Name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// at is a second of the session.
func at(second int) tick.Time { return tick.Time(time.Hour + time.Duration(second)*time.Second) }

// all reads what is opened for a seek.
func all(t *testing.T, r *Replay, from tick.Time) (lines []string) {
	t.Helper()
	source, err := r.open(from)
	if err != nil {
		t.Fatal(err)
	}
	for {
		item, err := source.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.At >= from {
			e := &item.Event
			lines = append(lines, fmt.Sprintf("%d %s %d %d %d missing %d", item.At, item.Symbol, e.Sequence, e.Quote.BidPrice.Mantissa, e.Trade.Price, item.Missing))
		}
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestSeekReadsWhatItNeeds: a seek finds the same events as if the recording were read from its beginning, and reads no row group that was over before. Where the row groups of quotes and of trades
// end at different times, what is read has holes that the recording does not have.
func TestSeekReadsWhatItNeeds(t *testing.T) {
	const minutes, rowsPerMinute = 8, 2 * 2 * 60
	for name, c := range map[string]struct {
		change  func(*Config)
		second  int
		minutes int // that are read, at most
	}{
		"the beginning":   {func(*Config) {}, 0, 8},
		"within a minute": {func(*Config) {}, 330, 3},
		"a trades' group": {func(*Config) {}, 65, 8},
		"the last event":  {func(*Config) {}, 479, 1},
		"after the end":   {func(*Config) {}, 1000, 1},
		"one symbol":      {func(c *Config) { c.Selection.Symbols = []string{"B*"} }, 301, 3},
		"nothing of it":   {func(c *Config) { c.Selection.To = At(at(60)) }, 301, 3},
		"clones":          {func(c *Config) { c.Clones, c.CloneShift = 3, 20*time.Second }, 330, 4},
	} {
		t.Run(name, func(t *testing.T) {
			config := DefaultConfig()
			config.Series = session(t, minutes)
			c.change(&config)
			r, err := newReplay(config)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(all(t, r, 0), func(line string) bool {
				var due tick.Time
				_, _ = fmt.Sscan(line, &due)
				return due < at(c.second)
			})
			before := r.Report().Rows
			if got := all(t, r, at(c.second)); !slices.Equal(got, want) {
				t.Errorf("%d events, want %d: %.200q, want %.200q", len(got), len(want), got, want)
			}
			if missing := r.Report().Missing; missing > 0 {
				t.Errorf("%d events are said to be missing", missing)
			}
			if rows := r.Report().Rows - before; rows > uint64(c.minutes*rowsPerMinute) {
				t.Errorf("%d rows read, want those of %d minutes at most", rows, c.minutes)
			}
		})
	}
}
