package csvfile_test

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"testing"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/feedsimtest"
)

// repeated is a file of the same rows again and again, which is nowhere as a whole.
type repeated struct {
	rows  []byte
	times int
	rest  []byte // of what is being read
}

func (r *repeated) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.times--
		r.rest = r.rows
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *repeated) Close() error { return nil }

// TestMemoryDoesNotGrow: a file a hundred times as large takes no more memory.
func TestMemoryDoesNotGrow(t *testing.T) { memoryDoesNotGrow(t, 100) }

// TestLongMemoryDoesNotGrow: nor does one of 2 GB.
func TestLongMemoryDoesNotGrow(t *testing.T) {
	if os.Getenv("TICKGATE_LONG") == "" {
		t.Skip("TICKGATE_LONG is not set: this reads 2 GB")
	}
	memoryDoesNotGrow(t, 10_000)
}

func memoryDoesNotGrow(t *testing.T, times int) {
	t.Helper()
	const rows, bound = 2_000, 256 << 10
	lines := bytes.SplitAfterN(unpackedQuotes(t), []byte("\n"), rows+2)
	header, body := lines[0], bytes.Join(lines[1:rows+1], nil)
	heap := func(times int) int64 {
		var report datafile.Report
		open := func() (io.ReadCloser, error) { return &repeated{rows: body, times: times, rest: header}, nil }
		return feedsimtest.Heap(t, func() (feedsim.Source, error) {
			return csvfile.Open(datafile.File{Name: "quotes", Open: open}, options(t, "{symbol}.{venue}"), &report)
		}, times*rows)
	}
	small, large := heap(1), heap(times)
	runtime.KeepAlive(lines) // in use both times
	t.Logf("%d rows: %d bytes; %d rows, %d MB: %d bytes", rows, small, times*rows, times*len(body)/1_000_000, large)
	if large > small+bound {
		t.Errorf("%d rows take %d bytes, %d rows take %d, want %d more at most", rows, small, times*rows, large, bound)
	}
}
