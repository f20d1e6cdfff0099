package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/scenario"
)

// progress says what runs and how long the rest will take.
type progress struct {
	out      io.Writer
	terminal bool
	begun    time.Time
	jobs     int
	done     int
	estimate time.Duration // of all jobs
	passed   time.Duration // estimate of those that are done
}

func newProgress(out io.Writer, jobs []scenario.Job, repeats int) *progress {
	p := &progress{out: out, begun: time.Now(), jobs: len(jobs) * repeats}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	for _, job := range jobs {
		p.estimate += job.Estimate() * time.Duration(repeats)
	}
	return p
}

func (p *progress) begin(job scenario.Job) {
	gone := time.Since(p.begun)
	left := p.estimate - p.passed
	if p.passed > 0 { // as fast or slow as so far
		left = time.Duration(float64(left) * float64(gone) / float64(p.passed))
	}
	line := fmt.Sprintf("[%d/%d] %s gone, about %s left: %s", p.done+1, p.jobs, clock(gone), clock(left), job.Name())
	if p.terminal {
		fmt.Fprintf(p.out, "\r\033[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// tell says at once that a run has no figure.
func (p *progress) tell(r *figure.Result) {
	if r.Failed() {
		fmt.Fprintf(p.out, "%sno figure for %s, %s: %s\n", p.newLine(), r.Case, r.System, strings.Join(r.Errors, "; "))
	}
}

// newLine ends the progress line of a terminal.
func (p *progress) newLine() string {
	if p.terminal {
		return "\n"
	}
	return ""
}

func (p *progress) end(job scenario.Job) {
	p.done++
	p.passed += job.Estimate()
}

func (p *progress) finish() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
	fmt.Fprintf(p.out, "%d jobs in %s\n\n", p.done, clock(time.Since(p.begun)))
}

func clock(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
