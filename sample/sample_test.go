package sample_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tickgate/sample"
)

func TestSampleIsWhatItsReadmeSays(t *testing.T) {
	for _, f := range []struct {
		name   string
		open   func() (io.ReadCloser, error)
		header string
		rows   int
	}{
		{sample.QuotesName, sample.Quotes, "recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id", 31_332},
		{sample.TradesName, sample.Trades, "recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type", 10_816},
	} {
		content, err := f.open()
		if err != nil {
			t.Fatal(err)
		}
		lines := unpack(t, content)
		if lines[0] != f.header || len(lines)-1 != f.rows {
			t.Errorf("%s: header %s and %d rows, want %s and %d", f.name, lines[0], len(lines)-1, f.header, f.rows)
		}
	}
}

// TestSampleIsCutFromTheWholeFiles runs where TICKGATE_DATA names the folder of the whole files.
func TestSampleIsCutFromTheWholeFiles(t *testing.T) {
	directory := os.Getenv("TICKGATE_DATA")
	if directory == "" {
		t.Skip("TICKGATE_DATA is not set")
	}
	const from, to = 1_723_161_420_000_000_000, 1_723_161_480_000_000_000
	for name, open := range map[string]func() (io.ReadCloser, error){
		"quotes_binance_multi.csv.gz": sample.Quotes, "trades_binance_multi.csv.gz": sample.Trades,
	} {
		file, err := os.Open(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		whole := unpack(t, file)
		want := whole[:1]
		for _, line := range whole[1:] {
			received, _, _ := strings.Cut(line, ",")
			if at, err := strconv.ParseInt(received, 10, 64); err == nil && at >= from && at < to {
				want = append(want, line)
			}
		}
		content, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if got := unpack(t, content); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: the sample is not its minute", name)
		}
	}
}

func unpack(t *testing.T, content io.ReadCloser) []string {
	t.Helper()
	defer func() { _ = content.Close() }()
	unpacked, err := gzip.NewReader(content)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	scanner := bufio.NewScanner(unpacked)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
