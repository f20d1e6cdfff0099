package figure_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"tickgate/bench/figure"
)

func TestHistogramsTravelAndMerge(t *testing.T) {
	var sent figure.Window
	for i := range 1_000 {
		sent.Latency.Record(time.Duration(i+1)*time.Millisecond, 1)
	}
	sent.Latency.Record(-time.Second, 1) // clocks disagree
	text, err := json.Marshal(&sent)
	if err != nil {
		t.Fatal(err)
	}
	var received figure.Window
	if err := json.Unmarshal(text, &received); err != nil {
		t.Fatal(err)
	}
	received.Merge(&sent)
	p := received.Latency.Percentiles()
	if received.Latency.Count() != 2_002 || p.P50 < 495_000 || p.P50 > 505_000 || p.Max < 999_000 || p.Max > 1_001_000 {
		t.Errorf("%d times, %+v", received.Latency.Count(), p)
	}
	if received.Delay.Percentiles() != nil {
		t.Error("an empty histogram has percentiles")
	}
}

func TestVerdictNamesWhatIsWrong(t *testing.T) {
	var good figure.Verdict
	if err := good.Err(); err != nil {
		t.Error(err)
	}
	good.Merge(&figure.Verdict{Lost: 1, First: []string{"stream 7: reset"}})
	if err := good.Err(); !errors.Is(err, figure.ErrVerdict) {
		t.Errorf("a lost stream: %v", err)
	}
}
