package numbering_test

import (
	"testing"

	"tickgate/internal/feedsim/numbering"
	"tickgate/pkg/tick"
)

func TestJudge(t *testing.T) {
	judge := numbering.NewJudge()
	for i, c := range []struct {
		symbol          string
		epoch, sequence uint64
		want            numbering.Verdict
		from, to        uint64
	}{
		{"A", 5, 7, numbering.InOrder, 0, 0},
		{"A", 5, 8, numbering.InOrder, 0, 0},
		{"A", 5, 8, numbering.Repeated, 0, 0},
		{"B", 5, 1, numbering.InOrder, 0, 0},
		{"A", 5, 11, numbering.AfterGap, 9, 10},
		{"A", 5, 9, numbering.Repeated, 0, 0},
		{"A", 6, 1, numbering.InOrder, 0, 0},
		{"A", 5, 12, numbering.Repeated, 0, 0},
		{"B", 6, 3, numbering.AfterGap, 1, 2},
	} {
		verdict, gap, err := judge.Take(c.symbol, &tick.Event{Epoch: c.epoch, Sequence: c.sequence})
		if err != nil || verdict != c.want || gap.From != c.from || gap.To != c.to {
			t.Errorf("%d: %s %d/%d is %d with gap %+v, %v", i, c.symbol, c.epoch, c.sequence, verdict, gap, err)
		}
		if want := c.to - c.from + 1; verdict == numbering.AfterGap && (gap.Missing() != want || gap.Symbol != c.symbol || gap.Epoch != c.epoch) {
			t.Errorf("%d: gap %+v of %d events, want %d", i, gap, gap.Missing(), want)
		}
	}
}
