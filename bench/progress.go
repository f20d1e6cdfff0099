package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
	"tickgate/bench/scenario"
)

// progress says what runs and how long the rest will take.
type progress struct {
	// Immutable.
	out      io.Writer
	terminal bool
	begun    time.Time
	jobs     int // with their repeats
	repeats  int

	done  int
	now   time.Time // at which the present job began
	times map[scenario.Job]*jobTime
}

// jobTime is how long a job takes.
type jobTime struct {
	estimate, taken time.Duration // taken by all repeats so far
	repeats         int
	leftOut         int // repeats that there was no time for
}

func newProgress(out io.Writer, jobs []scenario.Job, repeats int) *progress {
	p := &progress{out: out, begun: time.Now(), jobs: len(jobs) * repeats, repeats: repeats, times: map[scenario.Job]*jobTime{}}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	for _, job := range jobs {
		p.times[job] = &jobTime{estimate: job.Estimate()}
	}
	fmt.Fprintf(out, "%d jobs, planned to take %s\n", p.jobs, clock(p.left()))
	return p
}

// left is about how long the rest takes.
func (p *progress) left() (left time.Duration) {
	pace := p.pace()
	for _, t := range p.times {
		left += t.expected(pace) * time.Duration(p.repeats-t.repeats-t.leftOut)
	}
	return left
}

// expected is about how long a job takes.
func (p *progress) expected(job scenario.Job) time.Duration { return p.times[job].expected(p.pace()) }

// expected is as long as the repeats so far took, or as much longer or shorter than estimated as others.
func (t *jobTime) expected(pace float64) time.Duration {
	if t.repeats > 0 {
		return t.taken / time.Duration(t.repeats)
	}
	return time.Duration(float64(t.estimate) * pace)
}

// pace is how much longer than estimated takes what has run.
func (p *progress) pace() float64 {
	var taken, estimated time.Duration
	for _, t := range p.times {
		taken += t.taken
		estimated += t.estimate * time.Duration(t.repeats)
	}
	if estimated == 0 {
		return 1
	}
	return float64(taken) / float64(estimated)
}

// leaveOut says that a job does not run again.
func (p *progress) leaveOut(job scenario.Job) {
	p.jobs--
	p.times[job].leftOut++
	fmt.Fprintf(p.out, "%sno time for another run of %s\n", p.newLine(), job.Name())
}

func (p *progress) begin(job scenario.Job) {
	p.now = time.Now()
	line := fmt.Sprintf("[%d/%d] %s gone, about %s left: %s", p.done+1, p.jobs, clock(time.Since(p.begun)), clock(p.left()), job.Name())
	if p.terminal {
		fmt.Fprintf(p.out, "\r\033[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end says at once which results have no figure, and where to look for why.
func (p *progress) end(job scenario.Job, results []figure.Result) {
	p.done++
	t := p.times[job]
	t.repeats, t.taken = t.repeats+1, t.taken+time.Since(p.now)
	for i := range results {
		if r := &results[i]; r.Failed() && !r.Probing {
			fmt.Fprintf(p.out, "%sno figure for %s, %s: %s; logs in %s\n", p.newLine(), r.Case, r.System, report.Shortened(r.Errors[0]), r.Logs)
		}
	}
}

// newLine ends the progress line of a terminal.
func (p *progress) newLine() string {
	if p.terminal {
		return "\n"
	}
	return ""
}

func (p *progress) finish() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
	fmt.Fprintf(p.out, "%d of %d jobs in %s\n\n", p.done, p.jobs, clock(time.Since(p.begun)))
}

func clock(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
