package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	folder := filepath.Join(t.TempDir(), "results")
	stale := filepath.Join(folder, "plots", "of-another-benchmark.svg")
	if err := os.MkdirAll(filepath.Dir(stale), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, two, lost := result("a", 10, 0.1), result("a", 1_000, 0.2), result("b", 10, 0, "1 streams lost")
	one.Case, two.Case, lost.Case = "10 streams", "1,000 streams", "10 streams"
	two.Notes = []figure.Note{{Notice: "generator full", Text: "the load generator was the bottleneck"}}
	scenarios := []report.Scenario{{Name: "s", Title: "A & B", Checks: []report.Check{{Text: "is fast", Holds: false, Measured: "3"}}}}
	meta := report.NewMeta("bin", time.Now())
	meta.Seed, meta.Partial = 77, "only s"
	if err := report.Write(folder, meta, []figure.Result{two, one, lost}, scenarios); err != nil {
		t.Fatal(err)
	}
	markdown := read(t, filepath.Join(folder, "results.md"))
	for _, want := range []string{"failed: 1 streams lost", "**no**", "bottleneck", "generator full", "0.100", "| 10 streams | a |", "seed 77", "only s"} {
		if !strings.Contains(markdown, want) {
			t.Errorf("results.md has no %q:\n%s", want, markdown)
		}
	}
	if percentiles := read(t, filepath.Join(folder, "percentiles", "s-10-streams-a.hgrm")); !strings.Contains(percentiles, "Percentile") {
		t.Errorf("no percentile file: %s", percentiles)
	}
	for _, name := range []string{"s-10-streams-latency.svg", "s-cpu.svg"} {
		wellFormed(t, read(t, filepath.Join(folder, "plots", name)))
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of another benchmark is still there: %v", err)
	}
}

// TestPlotsAreOfOneLoad: cases that differ in more than the number of streams are not points of one line.
func TestPlotsAreOfOneLoad(t *testing.T) {
	var results []figure.Result
	for _, of := range []string{"1x, 1 subscribers", "1x, 10 subscribers", "4x, 1 subscribers", "fast, 10 streams", "slow, 1 streams"} {
		streams := 1
		if strings.Contains(of, "10") {
			streams = 10
		}
		r := result("a", streams, 0.5)
		r.Case = of
		results = append(results, r)
	}
	folder := t.TempDir()
	if err := report.Write(folder, report.Meta{}, results, []report.Scenario{{Name: "s"}}); err != nil {
		t.Fatal(err)
	}
	plots, err := filepath.Glob(filepath.Join(folder, "plots", "*cpu.svg"))
	if err != nil || len(plots) != 1 || filepath.Base(plots[0]) != "s-1x-cpu.svg" {
		t.Errorf("CPU against streams is drawn in %v, %v", plots, err)
	}
}

// TestCasesAreInOrderOfTheirNumbers: however the jobs were shuffled, a table begins with the least load and with Tickgate.
func TestCasesAreInOrderOfTheirNumbers(t *testing.T) {
	var results []figure.Result
	for _, of := range []string{"10,000 streams", "1,000 streams", "100,000 streams", "1x, 10 subscribers", "1x, 9 subscribers", "1,000"} {
		for _, system := range []string{"naive", "tickgate 100 ms", "centrifuge", "tickgate"} {
			r := result(system, 1, 1)
			r.Case = of
			results = append(results, r)
		}
	}
	var cases []string
	for _, c := range report.Group(results) {
		cases = append(cases, c.Case+": "+c.System)
	}
	var want []string
	for _, of := range []string{"1x, 9 subscribers", "1x, 10 subscribers", "1,000", "1,000 streams", "10,000 streams", "100,000 streams"} {
		for _, system := range []string{"tickgate", "tickgate 100 ms", "centrifuge", "naive"} {
			want = append(want, of+": "+system)
		}
	}
	if !slices.Equal(cases, want) {
		t.Errorf("in order:\n%s\nwant:\n%s", strings.Join(cases, "\n"), strings.Join(want, "\n"))
	}
}

// TestWhatIsUnknownIsNotZero: a system that merges events and does not count them has no count.
func TestWhatIsUnknownIsNotZero(t *testing.T) {
	counts, silent := result("counts", 1, 1), result("silent", 1, 1)
	counts.Conflated, counts.Delivered, silent.Delivered = new(uint64(3)), 1, 1
	text, err := json.Marshal([]figure.Result{counts, silent})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"conflated":3`, `"conflated":null`, `"errors":[]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	printed := fields(printed([]figure.Result{counts, silent}))
	if got := printed["counts"]; !slices.Contains(got, "75.0") {
		t.Errorf("three of four events were merged: %q", got)
	}
	if got := printed["silent"]; !slices.Contains(got, "-") {
		t.Errorf("of an unknown number: %q", got)
	}
}

// TestWhatWasProbedStandsApart: loads of a search are in a table of their own, and may fail.
func TestWhatWasProbedStandsApart(t *testing.T) {
	measured, probed := result("a", 1, 0.1), result("a", 1, 0.7, "too much")
	probed.Case, probed.Probing = "d", true
	text := printed([]figure.Result{probed, measured})
	first, second, found := strings.Cut(text, "Searched")
	if !found || strings.Contains(first, "too much") || !strings.Contains(second, "too much") {
		t.Errorf("printed\n%s", text)
	}
	if outcome := report.Judge([]figure.Result{probed, measured}, nil); !outcome.Good() || outcome.Runs != 1 {
		t.Errorf("judged as %+v", outcome)
	}
}

func TestOutcomeNamesWhatIsWrong(t *testing.T) {
	lost := result("b", 1, 0, "1 streams lost")
	lost.Logs = "logs/of-b"
	outcome := report.Judge([]figure.Result{result("a", 1, 1), lost}, []report.Scenario{{Name: "s", Checks: []report.Check{
		{Text: "is fast", Holds: true}, {Text: "is small", Measured: "9 KB"},
	}}})
	var text strings.Builder
	outcome.Print(&text)
	for _, want := range []string{"1 of 2 runs have figures, 1 of 2 checks hold.", "s, c, b, run 0: 1 streams lost; logs in logs/of-b", "s, is small: 9 KB"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if outcome.Good() {
		t.Error("judged as good")
	}
}

// printed returns what a terminal shows of results.
func printed(results []figure.Result) string {
	var text strings.Builder
	report.Print(&text, results, []report.Scenario{{Name: "s", Title: "T"}})
	return text.String()
}

// fields returns the fields of each line by the first of them.
func fields(text string) map[string][]string {
	lines := map[string][]string{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			lines[f[0]] = f[1:]
		}
	}
	return lines
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
