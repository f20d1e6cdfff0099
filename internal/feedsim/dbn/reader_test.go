package dbn_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/dbn"
)

// read returns the events of a file as rows of recorded CSV, without their numbers.
func read(t testing.TB, f datafile.File, template string) (rows []string, report datafile.Report, err error) {
	t.Helper()
	o := datafile.Options{Log: slog.New(slog.DiscardHandler)}
	if template != "" {
		if o.Symbol, err = datafile.ParseTemplate(template); err != nil {
			t.Fatal(err)
		}
	}
	content, err := f.Unpack()
	if err != nil {
		return nil, report, err
	}
	r, err := dbn.New(content, o, &report)
	if err != nil {
		return nil, report, err
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, report, nil
		}
		if err != nil {
			return rows, report, err
		}
		row := strings.TrimSuffix(string(csvfile.AppendRow(nil, item)), ",0\n")
		rows = append(rows, item.Event.Kind.String()+" "+row)
	}
}

// fixture returns one of the files that the publisher of the format ships: those of the whole recorded market, if TICKGATE_DATA names its folder.
func fixture(name string) datafile.File {
	folder := "testdata"
	if market := os.Getenv("TICKGATE_DATA"); market != "" {
		folder = filepath.Join(market, "dbn-fixtures")
	}
	return datafile.Path(filepath.Join(folder, "test_data."+name+".dbn.zst"))
}

// unpacked returns the bytes of a fixture.
func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.Open(fixture(name).Name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	z, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func memory(content []byte) datafile.File {
	return datafile.File{Name: "f.dbn", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

const symbol = "ESH1.GLBX"

// TestFixtures: what the publisher of the format ships, in all versions, packed and not.
func TestFixtures(t *testing.T) {
	mbp1 := []string{
		"quote 1609160400006001487,1609160400006136329," + symbol + ",0,3720.25,24,3720.50,11",
		"quote 1609160400006146661,1609160400006246513," + symbol + ",0,3720.25,24,3720.50,12",
	}
	mbp10 := []string{
		"quote 1609160400000429831,1609160400000704060," + symbol + ",0,3720.25,24,3720.50,10",
		"quote 1609160400000435673,1609160400000750544," + symbol + ",0,3720.25,24,3720.50,10",
	}
	trades := []string{
		"trade 1609160400098821953,1609160400099150057," + symbol + ",0,3720.25,5,sell",
		"trade 1609160400107665963,1609160400108142648," + symbol + ",0,3720.25,21,sell",
	}
	for name, want := range map[string][]string{
		"mbp-1.v1": mbp1, "mbp-1.v3": mbp1, "cmbp-1.v3": mbp1,
		"mbp-10.v1": mbp10, "mbp-10.v3": mbp10,
		"trades.v1": trades, "trades.v3": trades,
		"bbo-1s.v3": {
			"quote 1609113599045849637,1609113600000000000," + symbol + ",0,3702.25,18,3702.75,13",
			"quote 1609113600986911551,1609113601000000000," + symbol + ",0,3702.50,2,3702.75,10",
			"quote 1609113601149205775,1609113602000000000," + symbol + ",0,3702.25,20,3702.75,11",
			"quote 1609113602738022089,1609113603000000000," + symbol + ",0,3702.50,2,3702.75,11",
		},
	} {
		for _, f := range []datafile.File{fixture(name), memory(unpacked(t, name))} {
			rows, report, err := read(t, f, "")
			if err != nil || report.Bad != 0 || report.Rows != uint64(len(want)) || !slices.Equal(rows, want) {
				t.Errorf("%s: %v, %+v, got\n%s\nwant\n%s", f.Name, err, report, strings.Join(rows, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// TestUnsupportedSchemaIsNamed, in the metadata as well as in the middle of a mixed file.
func TestUnsupportedSchemaIsNamed(t *testing.T) {
	for _, version := range []string{"mbo.v1", "mbo.v3"} {
		mixed := unpacked(t, version)
		binary.LittleEndian.PutUint16(mixed[8+16:], 0xffff)
		for _, f := range []datafile.File{fixture(version), memory(mixed)} {
			_, _, err := read(t, f, "")
			if !errors.Is(err, datafile.ErrFile) || !strings.Contains(err.Error(), "the schema mbo is not supported, those are mbp-1, ") {
				t.Errorf("%s, %s: %v", version, f.Name, err)
			}
		}
	}
}

// TestTradeWithBook: a record of mbp-1 or tbbo with a trade gives both, and a book that is known already only once.
func TestTradeWithBook(t *testing.T) {
	content := unpacked(t, "mbp-1.v3")
	first := content[len(content)-160:]
	trade := slices.Clone(first[:80])
	trade[28], trade[29] = 'T', 'B'
	unknown := slices.Clone(trade)
	binary.LittleEndian.PutUint64(unknown[48:], math.MaxInt64) // no bid
	rows, report, err := read(t, memory(slices.Concat(content[:len(content)-80], trade, unknown)), "")
	const at = "1609160400006001487,1609160400006136329," + symbol + ",0,"
	want := []string{
		"quote " + at + "3720.25,24,3720.50,11", "trade " + at + "3720.50,1,buy", "quote " + at + ",,3720.50,11", "trade " + at + "3720.50,1,buy",
	}
	if err != nil || report.Bad != 0 || !slices.Equal(rows, want) {
		t.Errorf("%v, %+v, got\n%s", err, report, strings.Join(rows, "\n"))
	}
}

func TestSymbolTemplate(t *testing.T) {
	rows, _, err := read(t, fixture("trades.v1"), "{dataset}/{instrument_id}/{publisher_id}")
	if err != nil || len(rows) != 2 || !strings.Contains(rows[0], ",GLBX.MDP3/5482/1,") {
		t.Errorf("%q, %v", rows, err)
	}
	if _, _, err := read(t, fixture("trades.v1"), "{ticker}"); err == nil || !strings.Contains(err.Error(), "misses ticker") {
		t.Errorf("a column that there is not: %v", err)
	}
}

// TestUnmappedInstrument: outside the days of its name an instrument is called by its number.
func TestUnmappedInstrument(t *testing.T) {
	content := unpacked(t, "trades.v1")
	const day = 24 * 60 * 60 * 1_000_000_000
	last := content[len(content)-48:]
	binary.LittleEndian.PutUint64(last[32:], binary.LittleEndian.Uint64(last[32:])+day)
	rows, _, err := read(t, memory(content), "{symbol}")
	if err != nil || len(rows) != 2 || !strings.Contains(rows[0], ",ESH1,") || !strings.Contains(rows[1], ",5482,") {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestTruncated: wherever a file was cut, that is an error, unless it is between two records.
func TestTruncated(t *testing.T) {
	content := unpacked(t, "trades.v3")
	for length := 3; length < len(content); length++ {
		rows, _, err := read(t, memory(content[:length]), "")
		between := length == len(content)-48 || length == len(content)-96
		if between && err != nil || !between && !errors.Is(err, datafile.ErrFile) {
			t.Fatalf("%d of %d bytes: %d events, %v", length, len(content), len(rows), err)
		}
	}
}

// TestHugeCountsEnd: a file that promises four thousand million names and has none is refused at once.
func TestHugeCountsEnd(t *testing.T) {
	content := unpacked(t, "trades.v1")
	const countsAt = 8 + 100 + 4 // of symbols, those found partly, not at all, and mappings
	for i, where := range []int{countsAt, countsAt + 4 + 22, countsAt + 8 + 22, countsAt + 12 + 22} {
		broken := slices.Clone(content)
		binary.LittleEndian.PutUint32(broken[where:], math.MaxUint32)
		began := time.Now()
		if _, _, err := read(t, memory(broken), ""); !errors.Is(err, datafile.ErrFile) || !strings.Contains(err.Error(), "metadata is broken") {
			t.Errorf("count %d: %v", i, err)
		}
		if took := time.Since(began); took > 5*time.Second { // counting that far takes a minute
			t.Errorf("count %d: refused after %v", i, took)
		}
	}
}

// TestInstrumentIsRenamed by a note between the records, from there on.
func TestInstrumentIsRenamed(t *testing.T) {
	for fixture, symbolBytes := range map[string]int{"trades.v1": 22, "trades.v3": 71} {
		content := unpacked(t, fixture)
		second := content[len(content)-48:]
		body := make([]byte, 0, 256)
		for _, text := range []string{"asked", "NEW"} {
			if symbolBytes > 22 {
				body = append(body, 1) // the type of the symbol
			}
			body = append(body, text...)
			body = append(body, make([]byte, symbolBytes-len(text))...)
		}
		body = append(body, make([]byte, 16+(4-(len(body)%4))%4)...) // the interval, in whole words
		note := append(slices.Clone(second[:16]), body...)
		note[0], note[1] = byte(len(note)/4), 0x16
		rows, report, err := read(t, memory(slices.Concat(content[:len(content)-48], note, second)), "{symbol}")
		if err != nil || report.Bad != 0 || len(rows) != 2 || !strings.Contains(rows[0], ",ESH1,") || !strings.Contains(rows[1], ",NEW,") {
			t.Errorf("%s: %q, %+v, %v", fixture, rows, report, err)
		}
	}
}

// FuzzReader feeds arbitrary files: nothing may panic, and errors are of one kind.
func FuzzReader(f *testing.F) {
	for _, name := range []string{"mbp-1.v1", "mbp-10.v3", "trades.v3", "cmbp-1.v3", "bbo-1s.v3", "mbo.v1"} {
		f.Add(unpacked(f, name))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !bytes.HasPrefix(content, []byte(dbn.Magic)) {
			return // another format's
		}
		if _, _, err := read(t, memory(content), ""); err != nil && !errors.Is(err, datafile.ErrFile) {
			t.Fatalf("error %v is of no known kind", err)
		}
	})
}
