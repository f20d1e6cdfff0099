package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tickgate/internal/feedsim/fault"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]fault.Fault{
		"gap":                                 {Kind: fault.Gap, Length: 1},
		"gap rate=0.001 length=3":             {Kind: fault.Gap, Rate: 0.001, Length: 3},
		"  gap   length=3  rate=1 ":           {Kind: fault.Gap, Rate: 1, Length: 3},
		"duplicate at=5s every=10s":           {Kind: fault.Duplicate, At: 5 * time.Second, Every: 10 * time.Second, Times: 1},
		"reorder rate=0.5 at=1m for=1s":       {Kind: fault.Reorder, Rate: 0.5, At: time.Minute, For: time.Second, Length: 1},
		"crossed rate=1e-3":                   {Kind: fault.Crossed, Rate: 0.001},
		"silence at=30s for=5s every=4s":      {Kind: fault.Silence, At: 30 * time.Second, For: 5 * time.Second, Every: 4 * time.Second},
		"burst for=5s times=10":               {Kind: fault.Burst, For: 5 * time.Second, Times: 10},
		"skew by=-3s":                         {Kind: fault.Skew, By: -3 * time.Second},
		"skew by=1ms at=1s for=1s every=1m1s": {Kind: fault.Skew, By: time.Millisecond, At: time.Second, For: time.Second, Every: 61 * time.Second},
		"failover":                            {Kind: fault.Failover, Repeat: 1000},
		"failover repeat=5 every=1s":          {Kind: fault.Failover, Repeat: 5, Every: time.Second},
	} {
		got, err := fault.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := fault.Parse(got.String()); err != nil || again != got {
			t.Errorf("Parse(%q) = %+v, %v, want what %q is", got.String(), again, err, text)
		}
	}
}

// TestParseSaysWhatIsWrong, and with which word.
func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "gap rate=0.001 length=3",
		"flood":                         "there are gap, duplicate",
		"gap:rate=1":                    `"gap:rate=1"`,
		"gap probability=1":             `not "probability"`,
		"gap rate":                      `rate is ""`,
		"gap rate=0":                    "above 0, up to 1",
		"gap rate=1.5":                  "above 0, up to 1",
		"gap rate=NaN":                  "above 0, up to 1",
		"gap rate=0.1 rate=0.2":         "given twice",
		"gap length=0":                  "1 to 10000",
		"gap length=1000000":            "1 to 10000",
		"gap length=many":               `"many"`,
		"gap at=-1s":                    "at is -1s",
		"gap at=48h":                    "24h",
		"gap for=1s":                    "needs a rate",
		"gap rate=1 every=1s":           "every needs for",
		"gap rate=1 for=2s every=2s":    "less than every",
		"gap by=1s":                     `not "by"`,
		"silence":                       "silence needs for",
		"silence for=0s":                "silence needs for",
		"silence rate=0.1 for=1s":       `not "rate"`,
		"burst for=1s":                  "burst needs times",
		"burst times=2":                 "burst needs for",
		"burst for=1s times=1001":       "1 to 1000",
		"skew":                          "skew needs by",
		"skew by=25h":                   "24h at most",
		"skew by=1s every=1m":           "every needs for",
		"failover repeat=1000000":       "1 to 100000",
		"gap every=1us":                 "1ms to 24h",
		"gap \x1b[2J=1":                 `"\x1b[2J"`,
		"x" + strings.Repeat("y", 5000): "there is no kind",
	} {
		_, err := fault.Parse(text)
		if !errors.Is(err, fault.ErrFault) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Parse(%.40q) = %v, want %q", text, err, want)
		}
		if len(fmt.Sprint(err)) > 300 {
			t.Errorf("the error of %.40q has %d bytes", text, len(err.Error()))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"gap rate=0.001 length=3", "silence at=30s for=5s", "skew by=-3s for=1m every=2m", "failover repeat=10"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := fault.Parse(text)
		if err != nil {
			return
		}
		if again, err := fault.Parse(parsed.String()); err != nil || again != parsed {
			t.Errorf("%q is %+v, and %q is %+v, %v", text, parsed, parsed.String(), again, err)
		}
	})
}
