package main

import (
	"fmt"
	"strings"
	"time"

	"tickgate/pkg/client"
)

// latencyLines is how many lines the pane takes: the stages, and their head.
const latencyLines = 7

// stage is the latency of one stage as it is shown.
type stage struct {
	client.Distribution
	bars string
}

// latencyPane shows each stage with its percentiles and a small histogram.
func (t *table) latencyPane() []string {
	lines := []string{headStyle.Render(t.clip(fmt.Sprintf("%-13s%10s%10s%10s%10s   %s", "latency", "p50", "p99", "p99.9", "max", histogramAxis)))}
	for _, d := range t.stages {
		lines = append(lines, t.clip(fmt.Sprintf("%-13s%10v%10v%10v%10v   %s", d.Stage, short(d.P50), short(d.P99), short(d.P999), short(d.Max), barStyle.Render(d.bars))))
	}
	for len(lines) < latencyLines {
		lines = append(lines, "")
	}
	return lines[:latencyLines]
}

// The histogram is on a logarithmic scale from 10 µs to 1 s, eight characters for each power of ten.
const (
	histogramAxis   = "10µs    100µs   1ms     10ms    100ms   1s"
	barsPerDecade   = 8
	histogramBars   = 5*barsPerDecade + 1 // the last one: 1 s and more
	barRatio        = 1.333521432163324   // the eighth root of ten
	leastBar        = 10 * time.Microsecond
	histogramLevels = "▁▂▃▄▅▆▇█"
)

// histogram draws how many values there are at each height: a bar is as high as its share of the highest, and is seen where there is any.
func histogram(counts []client.Bucket) string {
	var bars [histogramBars]uint64
	var most uint64
	for _, c := range counts {
		at := barOf(c.UpTo)
		bars[at] += c.Count
		most = max(most, bars[at])
	}
	levels := []rune(histogramLevels)
	var b strings.Builder
	for _, count := range bars {
		if count == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(levels[(count*uint64(len(levels))-1)/most])
	}
	return strings.TrimRight(b.String(), " ")
}

// barOf returns the bar that a latency counts for.
func barOf(d time.Duration) int {
	at := 0
	for edge := float64(leastBar) * barRatio; at < histogramBars-1 && float64(d) >= edge; edge *= barRatio {
		at++
	}
	return at
}
