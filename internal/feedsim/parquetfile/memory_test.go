package parquetfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/feedsimtest"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
)

// TestMemoryDoesNotGrow: a file of ten times as many row groups takes no more memory than their entries in its footer.
func TestMemoryDoesNotGrow(t *testing.T) { memoryDoesNotGrow(t, 10) }

// TestLongMemoryDoesNotGrow: nor does one of a hundred times as many.
func TestLongMemoryDoesNotGrow(t *testing.T) {
	if os.Getenv("TICKGATE_LONG") == "" {
		t.Skip("TICKGATE_LONG is not set: this writes and reads three million rows")
	}
	memoryDoesNotGrow(t, 100)
}

func memoryDoesNotGrow(t *testing.T, times int) {
	t.Helper()
	const bound = 1 << 20
	once := quotes(t)
	heap := func(times int) int64 {
		path := filepath.Join(t.TempDir(), "quotes.parquet")
		writeRepeated(t, path, once, times)
		var report datafile.Report
		return feedsimtest.Heap(t, func() (feedsim.Source, error) { return open(datafile.Path(path), options(t, ""), &report) }, times*len(once))
	}
	small, large := heap(1), heap(times)
	runtime.KeepAlive(once) // in use both times
	t.Logf("%d rows: %d bytes; %d rows: %d bytes", len(once), small, times*len(once), large)
	if large > small+bound {
		t.Errorf("%d rows take %d bytes, %d rows take %d, want %d more at most", len(once), small, times*len(once), large, bound)
	}
}

// writeRepeated writes a market of a minute so many times, each time a minute later.
func writeRepeated(t testing.TB, path string, once []feedsim.Item, times int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquetfile.NewWriter(file, tick.KindQuote)
	for i := range times {
		for _, item := range once {
			item.At += tick.Time(i) * tick.Time(time.Minute)
			err = errors.Join(err, w.Write(&item))
		}
	}
	if err = errors.Join(err, w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}
