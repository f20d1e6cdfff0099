package report

import (
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"tickgate/bench/figure"
)

// writePlots draws latency by percentile for each case, and server CPU and staleness against streams for each scenario in which those vary.
func writePlots(folder string, cells []Cell, scenarios []Scenario) error {
	for _, s := range scenarios {
		own := of(cells, s.Name)
		for _, group := range byCase(own) {
			if err := writePlot(folder, s.Name+" "+group[0].Case+" latency", latencyPlot(s.Title, group)); err != nil {
				return err
			}
		}
		for name, plot := range map[string]*LinePlot{
			"cpu":           streamsPlot(s.Title, "server CPU, cores", own, func(r *figure.Result) *float64 { return r.ServerCores }),
			"cpu per batch": streamsPlot(s.Title, "server CPU per batch, us", own, func(r *figure.Result) *float64 { return r.CPUMicrosPerBatch }),
			"staleness p50": streamsPlot(s.Title, "staleness p50, ms", own, millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P50) })),
			"staleness p99": streamsPlot(s.Title, "staleness p99, ms", own, millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P99) })),
		} {
			if err := writePlot(folder, s.Name+" "+name, plot); err != nil {
				return err
			}
		}
	}
	return nil
}

// writePlot writes a plot that has something to show.
func writePlot(folder, name string, plot *LinePlot) error {
	if len(plot.Series) == 0 {
		return nil
	}
	return writeFile(filepath.Join(folder, "plots", slug(name)+".svg"), func(out io.Writer) error { return plot.WriteSVG(out) })
}

func byCase(cells []Cell) (groups [][]Cell) {
	index := map[string]int{}
	for _, c := range cells {
		i, known := index[c.Case]
		if !known {
			i = len(groups)
			index[c.Case] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// latencyPlot has the percentiles on HdrHistogram's scale: each nine is as far from the one before.
func latencyPlot(title string, group []Cell) *LinePlot {
	plot := &LinePlot{
		Title: title + ", " + group[0].Case, XTitle: "percentile", YTitle: "latency, ms", XLog: true, YLog: true,
		XTicks: []Tick{{1, "0 %"}, {2, "50 %"}, {10, "90 %"}, {100, "99 %"}, {1_000, "99.9 %"}, {10_000, "99.99 %"}},
	}
	for i := range group {
		h := group[i].merged(latencyOf)
		if h.Count() == 0 {
			continue
		}
		series := Series{Name: group[i].System}
		const perDecade, decades = 10, 4
		for step := range perDecade*decades + 1 {
			nines := pow10(float64(step) / perDecade) // 1 / (1 - quantile)
			series.Points = append(series.Points, Point{nines, max(0.001, float64(h.HDR().ValueAtQuantile(100*(1-1/nines)))/1000)})
		}
		plot.Series = append(plot.Series, series)
	}
	return plot
}

// streamsPlot has a line for each system, and for each speed of the market, over the number of streams; a system with one number of streams has none.
func streamsPlot(title, yTitle string, cells []Cell, take func(*figure.Result) *float64) *LinePlot {
	plot := &LinePlot{Title: title, XTitle: "streams", YTitle: yTitle, XLog: true, YLog: true}
	index := map[string]int{}
	for i := range cells {
		c := &cells[i]
		median, _, _, ok := c.Median(take)
		if !ok || len(c.Results) == 0 {
			continue
		}
		name := c.System + speedOf(c.Case)
		at, known := index[name]
		if !known {
			at = len(plot.Series)
			index[name] = at
			plot.Series = append(plot.Series, Series{Name: name})
		}
		plot.Series[at].Points = append(plot.Series[at].Points, Point{float64(c.Results[0].Streams), median})
	}
	return withLines(plot)
}

// withLines keeps the series that have two points or more in different places, in order of x.
func withLines(plot *LinePlot) *LinePlot {
	plot.Series = slices.DeleteFunc(plot.Series, func(s Series) bool {
		slices.SortFunc(s.Points, func(a, b Point) int { return int(a.X - b.X) })
		return len(s.Points) < 2 || s.Points[0].X == s.Points[len(s.Points)-1].X
	})
	return plot
}

// speedOf returns what of a case is not the number of streams, such as ", 4x"; empty if there is nothing else.
func speedOf(of string) string {
	if speed, _, found := strings.Cut(of, "x, "); found {
		return ", " + speed + "x"
	}
	return ""
}

func pow10(x float64) float64 { return math.Pow(10, x) }
