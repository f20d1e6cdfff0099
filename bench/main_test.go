package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tickgate/bench/figure"
	"tickgate/bench/report"
	"tickgate/bench/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job implements scenario.Job without processes.
type job struct {
	name string
	run  func(ctx context.Context) []figure.Result
}

func (j *job) Name() string                                                { return j.name }
func (j *job) Estimate() time.Duration                                     { return time.Second }
func (j *job) Run(ctx context.Context, _ *scenario.Runner) []figure.Result { return j.run(ctx) }
func gives(results ...figure.Result) func(context.Context) []figure.Result {
	return func(context.Context) []figure.Result { return results }
}
func good(of string) figure.Result {
	return figure.Result{Scenario: "s", Case: of, System: "tickgate", ServerCores: new(0.5)}
}
func bad(of string) figure.Result {
	return figure.Result{Scenario: "s", Case: of, System: "tickgate", Errors: []string{"lost all"}}
}
func holds(check bool) func([]report.Cell) []report.Check {
	return func([]report.Cell) []report.Check { return []report.Check{{Text: "is fast", Holds: check}} }
}

// bench runs jobs in folders of the test, and returns what was printed, and the error.
func bench(ctx context.Context, t *testing.T, o options, checks func([]report.Cell) []report.Check, jobs ...scenario.Job) (folder, printed string, err error) {
	t.Helper()
	folder = t.TempDir()
	o.programs, o.out, o.results = folder, filepath.Join(folder, "out"), filepath.Join(folder, "results")
	if o.limit == 0 {
		o.limit = time.Minute
	}
	var out strings.Builder
	b := &benchmark{options: o, command: "bench", out: &out, scenarios: []scenario.Scenario{{Name: "s", Title: "S", Jobs: jobs, Checks: checks}}}
	err = b.run(ctx)
	return folder, out.String(), err
}

// whole is all of the benchmark.
func whole() options { return options{repeats: wholeRepeats} }

// contents returns what is in the one file of a pattern.
func contents(t *testing.T, pattern string) []byte {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s are %v, %v", pattern, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// written returns the results below a folder, and how they are described.
func written(t *testing.T, pattern string) (meta report.Meta, results []figure.Result) {
	t.Helper()
	text := contents(t, pattern)
	var all struct {
		Meta    report.Meta
		Results []figure.Result
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Meta, all.Results
}

func nothingIn(t *testing.T, folder string) {
	t.Helper()
	if files, err := os.ReadDir(folder); len(files) > 0 {
		t.Errorf("%s has %v, %v", folder, files, err)
	}
}

// TestOnlyAllOfItIsKept: what is not all of the benchmark goes to the folder of what is not kept, and says what it is.
func TestOnlyAllOfItIsKept(t *testing.T) {
	one := &job{"one", gives(good("x"))}
	folder, _, err := bench(t.Context(), t, whole(), holds(true), one)
	if err != nil {
		t.Fatal(err)
	}
	if meta, results := written(t, filepath.Join(folder, "results", "*", "results.json")); meta.Partial != "" || meta.Repeats != wholeRepeats || len(results) != wholeRepeats {
		t.Errorf("all of it: %+v, %d results", meta, len(results))
	}
	for _, partial := range []options{{only: "s", repeats: wholeRepeats}, {repeats: 1}} {
		folder, _, err := bench(t.Context(), t, partial, holds(true), one)
		if err != nil {
			t.Fatal(err)
		}
		if meta, _ := written(t, filepath.Join(folder, "out", "partial", "results.json")); meta.Partial == "" {
			t.Errorf("%+v does not say that it is partial", partial)
		}
		nothingIn(t, filepath.Join(folder, "results"))
	}
	folder, _, err = bench(t.Context(), t, options{quick: true, repeats: 1}, holds(true), one)
	if err != nil {
		t.Fatal(err)
	}
	written(t, filepath.Join(folder, "out", "quick.json"))
	nothingIn(t, filepath.Join(folder, "results"))
}

func TestWhatIsNotShownFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		result figure.Result
		checks bool
		want   string
	}{
		{"a run without a figure", bad("x"), true, "no figure: s, x, tickgate, run 1: lost all; logs in "},
		{"a check that does not hold", good("x"), false, "does not hold: s, is fast"},
	} {
		_, printed, err := bench(t.Context(), t, whole(), holds(c.checks), &job{"one", gives(c.result)})
		if !errors.Is(err, errNotShown) || !strings.Contains(printed, c.want) {
			t.Errorf("%s: %v, printed\n%s", c.name, err, printed)
		}
	}
	overloaded := bad("x")
	overloaded.System = "naive"
	if _, printed, err := bench(t.Context(), t, whole(), holds(true), &job{"one", gives(overloaded)}); err != nil || !strings.Contains(printed, "no figure: s, x, naive") {
		t.Errorf("a comparator that loses values: %v, printed\n%s", err, printed)
	}
	probed := bad("more")
	probed.Probing = true
	if _, _, err := bench(t.Context(), t, whole(), holds(true), &job{"one", gives(good("x"), probed)}); err != nil {
		t.Errorf("a search that came to its end: %v", err)
	}
}

// TestWhatWasFinishedIsWritten: a job that is interrupted has no result, those before it have, and nothing passes for all of the benchmark.
func TestWhatWasFinishedIsWritten(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	runs := 0
	folder, _, err := bench(ctx, t, whole(), holds(false), &job{"one", func(ctx context.Context) []figure.Result {
		if runs++; runs > 2 {
			interrupt(errors.New("interrupted"))
			<-ctx.Done()
			return []figure.Result{bad("x")}
		}
		return []figure.Result{good("x")}
	}})
	if !errors.Is(err, errStopped) || !strings.Contains(err.Error(), "after 2 of 3 jobs: interrupted") {
		t.Errorf("interrupted: %v", err)
	}
	meta, results := written(t, filepath.Join(folder, "out", "partial", "results.json"))
	if len(results) != 2 || results[0].Failed() || !strings.Contains(meta.Partial, "2 of 3") {
		t.Errorf("%d results, %q", len(results), meta.Partial)
	}
	nothingIn(t, filepath.Join(folder, "results"))
}

// TestNothingHangs: the limit ends a job that waits for its context alone.
func TestNothingHangs(t *testing.T) {
	o := whole()
	o.limit = time.Millisecond
	folder, _, err := bench(t.Context(), t, o, holds(true), &job{"one", func(ctx context.Context) []figure.Result {
		<-ctx.Done()
		return []figure.Result{bad("x")}
	}})
	if !errors.Is(err, errStopped) || !strings.Contains(err.Error(), "limit of 1ms") {
		t.Errorf("past its limit: %v", err)
	}
	nothingIn(t, filepath.Join(folder, "out", "partial"))
}

// TestNoTimeForTheLastRuns: what takes longer than the benchmark is to take runs twice, and the results say so; they are still all of it.
func TestNoTimeForTheLastRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, slow := &job{"quick", gives(good("x"))}, &job{"slow", func(context.Context) []figure.Result {
			time.Sleep(20 * time.Minute)
			return []figure.Result{good("y")}
		}}
		o := whole()
		o.time, o.limit = 55*time.Minute, 2*time.Hour
		folder, printed, err := bench(t.Context(), t, o, holds(true), quick, slow)
		if err != nil {
			t.Fatal(err)
		}
		meta, results := written(t, filepath.Join(folder, "results", "*", "results.json"))
		if !slices.Equal(meta.LeftOut, []string{"slow"}) || len(results) != 2*wholeRepeats-1 || meta.Partial != "" {
			t.Errorf("%d results, left out %q, partial %q", len(results), meta.LeftOut, meta.Partial)
		}
		if text := string(contents(t, filepath.Join(folder, "results", "*", "results.md"))); !strings.Contains(text, "no time for the last run of ") || !strings.Contains(printed, "no time for another run of slow") {
			t.Errorf("printed %s, written %s", printed, text)
		}
		if b := (&benchmark{options: options{time: time.Millisecond}, begun: time.Now()}); b.leavesOut(2, time.Hour) || !b.leavesOut(3, time.Hour) {
			t.Error("it is the third run that is left out, and none before")
		}
	})
}

// TestTimeLeft: jobs that have run tell how long their repeats take, and how long the others do.
func TestTimeLeft(t *testing.T) {
	one, two := &job{"same name", nil}, &job{"same name", nil}
	p := newProgress(&strings.Builder{}, []scenario.Job{one, two}, 3)
	if got := p.left(); got != 6*time.Second {
		t.Errorf("six jobs of a second: %s", got)
	}
	p.times[one].repeats, p.times[one].taken = 1, 2*time.Second
	if got := p.left(); got != 2*2*time.Second+3*2*time.Second {
		t.Errorf("the first took two seconds in place of one: %s left, want 10 s", got)
	}
	p.times[two].repeats, p.times[two].taken = 2, 8*time.Second
	if got := p.left(); got != 2*2*time.Second+4*time.Second {
		t.Errorf("each knows its own time: %s left, want 8 s", got)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"--repeats", "0"}, {"quick"}, {"--only", "nothing", "--out", t.TempDir()}, {"--no-such"}} {
		var errs strings.Builder
		if code := run(t.Context(), args, &strings.Builder{}, &errs); code != exitUsage || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, errs.String())
		}
	}
}
