package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

func result(system string, streams int, cores float64, errs ...string) figure.Result {
	r := figure.Result{Scenario: "s", Case: "c", System: system, Streams: streams, Errors: errs, ServerCores: &cores}
	for i := range 100 {
		r.LatencyHistogram.Record(time.Duration(i+1)*time.Millisecond, 1)
	}
	r.Latency = r.LatencyHistogram.Percentiles()
	return r
}

// TestFailedRunsHaveNoPart: a median is that of the runs that did not fail, and none if all did.
func TestFailedRunsHaveNoPart(t *testing.T) {
	cells := report.Group([]figure.Result{
		result("a", 1, 0.1), result("a", 1, 9, "lost"), result("a", 1, 0.3), result("b", 1, 9, "lost"),
	})
	cores := func(r *figure.Result) *float64 { return r.ServerCores }
	if median, least, greatest, ok := cells[0].Median(cores); !ok || median != 0.2 || least != 0.1 || greatest != 0.3 {
		t.Errorf("median %v of %v to %v, %v", median, least, greatest, ok)
	}
	if _, _, _, ok := cells[1].Median(cores); ok {
		t.Error("a system whose every run failed has a figure")
	}
}

func TestFolderHasEverything(t *testing.T) {
	folder := t.TempDir()
	one, two, lost := result("a", 10, 0.1), result("a", 100, 0.2), result("b", 10, 0, "1 streams lost")
	two.Case, two.Notes = "d", []string{"the load generator was the bottleneck"}
	scenarios := []report.Scenario{{Name: "s", Title: "A & B", Checks: []report.Check{{Text: "is fast", Holds: false, Measured: "3"}}}}
	meta := report.NewMeta("bench", time.Now(), time.Minute)
	if err := report.Write(folder, meta, []figure.Result{one, two, lost}, scenarios); err != nil {
		t.Fatal(err)
	}
	markdown := read(t, filepath.Join(folder, "results.md"))
	for _, want := range []string{"failed: 1 streams lost", "**no**", "bottleneck", "0.100", "| c | a |"} {
		if !strings.Contains(markdown, want) {
			t.Errorf("results.md has no %q:\n%s", want, markdown)
		}
	}
	if percentiles := read(t, filepath.Join(folder, "percentiles", "s-c-a.hgrm")); !strings.Contains(percentiles, "Percentile") {
		t.Errorf("no percentile file: %s", percentiles)
	}
	for _, name := range []string{"s-c-latency.svg", "s-cpu.svg"} {
		wellFormed(t, read(t, filepath.Join(folder, "plots", name)))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}
