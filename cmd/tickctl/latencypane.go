package main

import (
	"fmt"
	"strings"
	"time"

	"tickgate/pkg/client"
)

// latencyLines is how many lines the pane takes.
const latencyLines = 7

// latencyPane shows each stage with a bar for its median and its tail.
func (t *table) latencyPane() []string {
	lines := []string{headStyle.Render(t.clip(fmt.Sprintf("%-13s%10s%10s%10s%10s   %s", "latency", "p50", "p99", "p99.9", "max", "100us     1ms      10ms     100ms      1s")))}
	for _, d := range t.source.Latency() {
		lines = append(lines, t.clip(fmt.Sprintf("%-13s%10v%10v%10v%10v   %s", d.Stage, short(d.P50), short(d.P99), short(d.P999), short(d.Max), bar(d))))
	}
	for len(lines) < latencyLines {
		lines = append(lines, "")
	}
	return lines[:latencyLines]
}

// bar draws a distribution on a logarithmic scale from 10 us to 1 s: solid up to the median, then lighter to the 99th percentile, then dots to the greatest.
func bar(d client.Distribution) string {
	p50, p99, most := place(d.P50), place(d.P99), place(d.Max)
	return strings.Repeat("█", p50) + strings.Repeat("▒", max(0, p99-p50)) + strings.Repeat("·", max(0, most-p99))
}

// place is where a duration stands on the scale, nine characters for each power of ten.
func place(d time.Duration) int {
	const perDecade = 9
	at := 0
	for edge := 10 * time.Microsecond; at < 5*perDecade && d > edge; edge = time.Duration(float64(edge) * 1.2915) { // the ninth root of ten
		at++
	}
	return at
}
