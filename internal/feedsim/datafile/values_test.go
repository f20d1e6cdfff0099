package datafile_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// TestDoublesAreRounded: what binary fractions add to a decimal vanishes at the stated scale.
func TestDoublesAreRounded(t *testing.T) {
	for _, c := range []struct {
		text   string
		digits uint8
		want   string
	}{
		{"0.031035000000000004", 8, "0.03103500"},
		{"61837.630000000005", 2, "61837.63"},
		{"1e-05", 8, "0.00001000"},
		{"-0.1", 1, "-0.1"},
		{"3", 0, "3"},
		{"9007199254740993", 0, "9007199254740992"}, // no double
	} {
		d, _, err := datafile.RoundText(c.text, c.digits, nil)
		if err != nil || d.String() != c.want {
			t.Errorf("%s at %d digits: %s, %v, want %s", c.text, c.digits, d, err, c.want)
		}
	}
	for _, text := range []string{"", "NaN", "inf", "1e300", "1,5", "0x"} {
		if d, _, err := datafile.RoundText(text, 4, nil); err == nil {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

// TestDoublesAreRoundedAsText: the way without text gives what the text would.
func TestDoublesAreRoundedAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := uint8(rapid.IntRange(0, tick.MaxScale).Draw(t, "digits"))
		v := rapid.OneOf(
			rapid.Float64Range(-1e6, 1e6),
			rapid.Map(rapid.Int64Range(-1e12, 1e12), func(n int64) float64 { return float64(n) / 1e8 }),             // decimals
			rapid.Map(rapid.Int64Range(-1e9, 1e9), func(n int64) float64 { return (float64(n) + 0.5) / 1e4 }),       // in the middle
			rapid.Map(rapid.Int64Range(-1<<20, 1<<20), func(n int64) float64 { return float64(n) / (1 << 6) }),      // exactly so
			rapid.Map(rapid.Int64Range(1, 1e9), func(n int64) float64 { return math.Nextafter(float64(n)/1e5, 0) }), // just beside
		).Draw(t, "v")
		want, wantErr := tick.ParseDecimal(strconv.FormatFloat(v, 'f', int(digits), 64))
		got, _, err := datafile.RoundDouble(v, digits, nil)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%v at %d digits is %s, %v, as text %s, %v", v, digits, got, err, want, wantErr)
		}
	})
}

func TestDates(t *testing.T) {
	want := tick.Time(time.Date(2024, 8, 8, 23, 57, 0, 123456789, time.UTC).UnixNano())
	for _, text := range []string{
		"2024-08-08T23:57:00.123456789Z", "2024-08-08 23:57:00.123456789", "2024-08-09T01:57:00.123456789+02:00", "2024-08-08 23:57:00.123456789+00:00",
		"2024-08-08T23:57:00.123456789", "2024-08-08T18:57:00.123456789-05:00",
	} {
		if got, err := datafile.ParseDate(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	if got, err := datafile.ParseDate("2024-08-08"); err != nil || got != want-want%tick.Time(24*time.Hour) {
		t.Errorf("a day: %d, %v", got, err)
	}
	for _, text := range []string{"", "yesterday", "2024-13-01", "1969-12-31", "2262-05-01T00:00:00Z", "2024-08-08 25:00:00", "2024-08-08X10:00:00", "2024-08-08T10:00:00 ", "2024-08-08T10:00"} {
		if got, err := datafile.ParseDate(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func TestMappingTakesUnitsAndDigits(t *testing.T) {
	l, err := datafile.ParseLayout("ts_recv=a:b:us,ts_event=when:date,bid_price=bid:8,bid_size=size:19,ask_price=ask,sequence=n")
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[datafile.Field]datafile.Column{
		datafile.FieldTsRecv:   {Name: "a:b", Unit: datafile.Microseconds},
		datafile.FieldTsEvent:  {Name: "when", Unit: datafile.Dates},
		datafile.FieldBidPrice: {Name: "bid", Rounded: true, Digits: 8},
		datafile.FieldBidSize:  {Name: "size:19"}, // no scale is as great: it belongs to the name
		datafile.FieldAskPrice: {Name: "ask"},
		datafile.FieldSequence: {Name: "n"},
	} {
		if got := l.Columns[field]; got != want {
			t.Errorf("%s: %+v, want %+v", field, got, want)
		}
	}
}
