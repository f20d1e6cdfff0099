package report

import (
	"strings"
	"testing"
)

// TestLogarithmicAxesEndNearTheirValues: at steps of 1, 2 and 5, with marks that are texts of whole figures.
func TestLogarithmicAxesEndNearTheirValues(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{[]float64{1, 500}, "1 10 100"},
		{[]float64{1_000, 32_000}, "1,000 2,000 5,000 10,000 20,000 50,000"},
		{[]float64{0.03, 0.7}, "0.02 0.05 0.1 0.2 0.5 1"},
		{[]float64{1, 2}, "1 2"},
		{[]float64{3, 3}, "2 5"},
		{[]float64{0.001, 100}, "0.001 0.01 0.1 1 10 100"},
	} {
		var texts []string
		for _, tick := range newAxis(c.values, true, 0, 1).ticks() {
			texts = append(texts, tick.Text)
		}
		if got := strings.Join(texts, " "); got != c.want {
			t.Errorf("axis of %v has marks %q, want %q", c.values, got, c.want)
		}
	}
}
