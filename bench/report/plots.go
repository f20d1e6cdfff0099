package report

import (
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tickgate/bench/figure"
)

// writePlots draws latency by percentile for each case that was measured; server CPU and staleness against streams where the same load was put to
// several numbers of them; and latency against the rate where that was searched for the knee.
func writePlots(folder string, cells []Cell, scenarios []Scenario) error {
	for _, s := range scenarios {
		own := of(cells, s.Name)
		measured, probing := split(own)
		plots := map[string]*LinePlot{}
		for _, group := range groups(measured, func(c *Cell) string { return c.Case }) {
			plots[group[0].Case+" latency"] = latencyPlot(s.Title, group)
		}
		for _, group := range groups(measured, caseWithoutStreams) {
			load := caseWithoutStreams(&group[0])
			title := s.Title
			if strings.HasSuffix(load, "x") { // the speed of a recording
				title += " at " + load
			}
			for name, axis := range streamsAxes {
				plots[load+" "+name] = streamsPlot(title, axis, group)
			}
		}
		if len(probing) > 0 {
			plots["knee"] = kneePlot(s.Title, own)
		}
		for name, plot := range plots {
			if err := writePlot(folder, s.Name+" "+name, plot); err != nil {
				return err
			}
		}
	}
	return nil
}

// streamsAxis is what is drawn against streams.
type streamsAxis struct {
	title    string
	log      bool
	compares bool // it says nothing of one system alone
	take     func(*figure.Result) *float64
}

// streamsAxes are all of them by the names of their plots.
var streamsAxes = map[string]streamsAxis{
	"cpu":           {"server CPU, cores", false, false, func(r *figure.Result) *float64 { return r.ServerCores }},
	"cpu per batch": {"server CPU per batch, us", true, true, cpuPerLikeBatch},
	"staleness":     {"staleness p99, ms", true, false, millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
}

// cpuPerLikeBatch is for batches at an interval alone: those without one are of another size in each system.
func cpuPerLikeBatch(r *figure.Result) *float64 {
	if r.LatencyFrom != figure.FromDue {
		return nil
	}
	return r.CPUMicrosPerBatch
}

// writePlot writes a plot that has something to show.
func writePlot(folder, name string, plot *LinePlot) error {
	if len(plot.Series) == 0 {
		return nil
	}
	return writeFile(filepath.Join(folder, "plots", Slug(name)+".svg"), func(out io.Writer) error { return plot.WriteSVG(out) })
}

// groups puts cells together that have the same key, in the order in which each came first.
func groups(cells []Cell, key func(*Cell) string) (all [][]Cell) {
	index := map[string]int{}
	for i := range cells {
		k := key(&cells[i])
		at, known := index[k]
		if !known {
			at = len(all)
			index[k] = at
			all = append(all, nil)
		}
		all[at] = append(all[at], cells[i])
	}
	return all
}

func systemOf(c *Cell) string { return c.System }

// caseWithoutStreams returns the load of a case without the number of its streams: "4x, 100 subscribers" is "4x" with any number.
func caseWithoutStreams(c *Cell) string {
	streams := c.Results[0].Streams
	for _, text := range []string{Number(float64(streams)), strconv.Itoa(streams)} {
		for _, noun := range []string{" streams", " subscribers"} {
			if load, found := strings.CutSuffix(c.Case, text+noun); found {
				return strings.TrimSuffix(load, ", ")
			}
		}
	}
	return c.Case
}

// latencyPlot has the percentiles on HdrHistogram's scale: each nine is as far from the one before. A line ends where there are no more values.
func latencyPlot(title string, group []Cell) *LinePlot {
	plot := &LinePlot{
		Title: title + ", " + group[0].Case, XTitle: "percentile", YTitle: "latency, ms", XLog: true, YLog: true,
		XTicks: []Tick{{2, "50 %"}, {10, "90 %"}, {100, "99 %"}, {1_000, "99.9 %"}, {10_000, "99.99 %"}},
	}
	for i := range group {
		h := group[i].merged(latencyOf)
		if h.Count() == 0 {
			continue
		}
		series := Series{Name: group[i].System}
		const perDecade, decades = 10, 4
		for step := 1; step <= perDecade*decades; step++ {
			nines := math.Pow(10, float64(step)/perDecade) // 1 / (1 - quantile)
			if nines > float64(h.Count()) {
				break
			}
			series.Points = append(series.Points, Point{X: nines, Y: max(0.001, float64(h.HDR().ValueAtQuantile(100*(1-1/nines)))/1000)})
		}
		plot.Series = append(plot.Series, series)
	}
	return plot
}

// streamsPlot has a line for each system over the number of streams; it is empty if a system without the figure makes it no comparison.
func streamsPlot(title string, y streamsAxis, cells []Cell) *LinePlot {
	plot := linesPlot(&LinePlot{Title: title, XTitle: "streams", YTitle: y.title, XLog: true, YLog: y.log}, cells, y.take,
		func(c *Cell) float64 { return float64(c.Results[0].Streams) })
	if y.compares && len(plot.Series) < len(groups(cells, systemOf)) {
		plot.Series = nil
	}
	return plot
}

// kneePlot has a line for each system over the rate at which events were published.
func kneePlot(title string, cells []Cell) *LinePlot {
	return linesPlot(&LinePlot{Title: title, XTitle: "events/s", YTitle: "latency p99, ms", XLog: true, YLog: true}, cells,
		millis(latency, func(p *figure.Percentiles) float64 { return float64(p.P99) }),
		func(c *Cell) float64 {
			rate, _, _, _ := c.Median(func(r *figure.Result) *float64 { return quotient(float64(r.Published), r.Seconds) })
			return rate
		})
}

// linesPlot draws a figure of each system over something else. A system with one point has no line, and is left out.
func linesPlot(plot *LinePlot, cells []Cell, take func(*figure.Result) *float64, x func(*Cell) float64) *LinePlot {
	for _, group := range groups(cells, systemOf) {
		series := Series{Name: group[0].System}
		for i := range group {
			if median, least, greatest, ok := group[i].Median(take); ok {
				series.Points = append(series.Points, Point{x(&group[i]), median, least, greatest})
			}
		}
		series.Points = drawable(series.Points, plot.XLog, plot.YLog)
		slices.SortFunc(series.Points, func(a, b Point) int { return int(a.X - b.X) })
		if len(series.Points) > 1 {
			plot.Series = append(plot.Series, series)
		}
	}
	return plot
}
