package csvfile_test

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// FuzzReader feeds arbitrary files: nothing may panic, every line is either an event, a bad row or empty, and events are valid.
func FuzzReader(f *testing.F) {
	f.Add(quotesHeader + "1000,,V,A,2683.80000000,3.02920000,2683.81,31.4,1\n")
	f.Add(tradesHeader + "1000,5,V,A,1,5.0,1,buy,\n\n\"1\",\"\",\"V\",\"A\"\"\",1,.5,1.,sell,x\r\n7,,")
	f.Add(tradesHeader + "1,,V,\"A\n\",1,5,1,buy,\n1,,,,,,,,\n,,,,,,,,,,\n9223372036854775807,9223372036854,V,A,1,9223372036854775807,0,S,")
	f.Add("\xef\xbb\xbf" + quotesHeader + "1,,V,A,0.1,1,9000000000000000000,1,1\n")
	f.Add("\x1f\x8b\x08\x00")
	f.Fuzz(func(t *testing.T, content string) {
		var report datafile.Report
		reader, err := csvfile.Open(text("f", content), options(t, "{symbol}.{venue}"), &report)
		if err != nil {
			return
		}
		at := tick.Time(-1)
		for {
			item, err := reader.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, datafile.ErrFile) {
					t.Fatalf("error %v is of no known kind", err)
				}
				break
			}
			if err := tick.ValidateSymbol(item.Symbol); err != nil {
				t.Fatal(err)
			}
			if item.At < at || item.Event.Scales.Price > tick.MaxScale || item.Event.Scales.Size > tick.MaxScale {
				t.Fatalf("item %+v after time %d", item, at)
			}
			at = item.At
		}
		lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")[1:]
		empty := func(line string) bool { return strings.TrimSuffix(line, "\r") == "" }
		if full := len(slices.DeleteFunc(lines, empty)); !strings.HasPrefix(content, "\x1f\x8b") && report.Rows+report.Bad != uint64(full) {
			t.Fatalf("%d rows and %d bad ones of %d lines", report.Rows, report.Bad, full)
		}
	})
}

// FuzzQuotedFields holds the splitting of lines against encoding/csv: what both accept must be the same fields.
func FuzzQuotedFields(f *testing.F) {
	f.Add("A", "plain")
	f.Add(`"A"`, `"with ""quotes"", and commas"`)
	f.Add(`A"B`, `""`)
	f.Fuzz(func(t *testing.T, symbol, venue string) {
		row := "1,," + venue + "," + symbol + ",1,5,1,buy,"
		theirs, err := csv.NewReader(strings.NewReader(row)).Read()
		if err != nil || strings.ContainsAny(row, "\r\n") || len(row) > csvfile.MaxRowBytes {
			return
		}
		want := ""
		if len(theirs) == 9 && theirs[0] == "1" && theirs[7] == "buy" {
			want = theirs[3] + "." + theirs[2]
		}
		if tick.ValidateSymbol(want) != nil {
			return
		}
		events, report, _ := read(t, text("f", tradesHeader+row+"\n"), options(t, "{symbol}.{venue}"))
		if len(theirs) == 9 && report.Bad == 0 && !strings.HasPrefix(events[0], "1 "+want+" ") {
			t.Fatalf("%q: read %q, encoding/csv says %q", row, events, theirs)
		}
	})
}

// FuzzDecimals holds the fast way against tick.ParseDecimal.
func FuzzDecimals(f *testing.F) {
	for _, s := range []string{"0", "1.50", ".5", "5.", ".", "-1", "+1", "999999999999999999", "9223372036854775807", "0.000000000000000001", "00000000000000000001", "1..2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, price string) {
		if price == "" || strings.ContainsAny(price, "\",\r\n") || len(price) > 1000 {
			return
		}
		want, err := tick.ParseDecimal(price)
		events, _, _ := read(t, text("f", tradesHeader+"1,,V,A,1,"+price+",1,,\n"), options(t, "{symbol}"))
		switch {
		case (err == nil) != (len(events) == 1):
			t.Fatalf("%q: read %q, ParseDecimal says %v", price, events, err)
		case err == nil && events[0] != "1 A event 0 trade "+want.String()+" x 1 0":
			t.Fatalf("%q: read %q, want %v", price, events, want)
		}
	})
}
