package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/process"
	"tickgate/bench/report"
)

// Runner runs jobs.
type Runner struct {
	// Immutable.
	programs string // folder of the binaries
	logs     string // folder of the folders of jobs

	// Owned by the goroutine that runs jobs.
	folder string         // takes what the processes of the present job print, and their scratch files
	bytes  map[string]int // of the gateway's batches, by case: the floor writes as many
}

// NewRunner returns a runner of the programs in one folder that keeps logs in another, from which it removes those of the last time.
func NewRunner(programs, logs string) (*Runner, error) {
	if err := os.RemoveAll(logs); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return &Runner{programs: programs, logs: logs, bytes: map[string]int{}}, nil
}

// Patience with a job: past it, something hangs that no time-out of its own has ended.
const (
	jobPatience         = 2 * time.Minute
	jobPatienceEstimate = 2 // times the estimate, in addition
)

// errPatience says that a job did not end.
var errPatience = errors.New("scenario: the job took too long")

// Run runs a job for the repeat-th time. If a result of it has no figure, the logs of its processes are kept, and the result says where.
func (r *Runner) Run(ctx context.Context, job Job, repeat int) []figure.Result {
	patience := jobPatience + jobPatienceEstimate*job.Estimate()
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%w: more than %s", errPatience, patience.Round(time.Second)))
	defer cancel()
	r.folder = filepath.Join(r.logs, fmt.Sprintf("%s-%d", report.Slug(job.Name()), repeat))
	results := job.Run(ctx, r)
	failed := false
	for i := range results {
		results[i].Repeat = repeat
		if results[i].Failed() {
			results[i].Logs, failed = r.folder, true
		}
	}
	if !failed {
		_ = os.RemoveAll(r.folder) // what stays is only in the way
	}
	return results
}

func (r *Runner) program(name string) string { return filepath.Join(r.programs, name) }

// usualBatchBytes is what ten quotes took when this was written; for a floor that runs before the gateway did.
const usualBatchBytes = 250

func (r *Runner) bytesPerBatch(of string) int {
	if bytes := r.bytes[of]; bytes > 0 {
		return bytes
	}
	return usualBatchBytes
}

// busConfig writes a configuration of nats-server and returns its path.
func (r *Runner) busConfig(capture bool) (string, error) {
	config := "listen: 127.0.0.1:-1\nno_fast_producer_stall: true\n"
	if capture {
		store := filepath.Join(r.folder, "jetstream")
		if err := os.RemoveAll(store); err != nil {
			return "", fmt.Errorf("scenario: %w", err)
		}
		config += "jetstream { store_dir: " + strconv.Quote(store) + " }\n"
	}
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		return "", fmt.Errorf("scenario: %w", err)
	}
	path := filepath.Join(r.folder, "nats-server.conf")
	return path, os.WriteFile(path, []byte(config), 0o600)
}

// rig is what runs for a load.
type rig struct {
	load      *Load
	group     *process.Group
	bus, gate *server // bus is nil without a feed; gate is what clients talk to
	feed      *process.Process
	restBytes int64 // of the server, before the first stream

	generators []*process.Process
}

// runLoad returns a result per step; with an error, those of the steps that were measured.
func (r *Runner) runLoad(ctx context.Context, l *Load) (results []figure.Result, err error) {
	g, err := process.NewGroup(r.folder)
	if err != nil {
		return nil, err
	}
	defer g.Stop()
	rig, err := r.assemble(ctx, l, g)
	if err != nil {
		return nil, err
	}
	for _, step := range l.Steps {
		result, err := rig.step(ctx, step)
		if err != nil {
			return results, err
		}
		if l.Kind == Tickgate && result.Batches > 0 {
			r.bytes[result.Case] = int(*result.WireBytesPerUpdate * float64(result.Delivered) / float64(result.Batches))
		}
		results = append(results, result)
	}
	return results, rig.finish(ctx)
}

// assemble starts everything that the load needs.
func (r *Runner) assemble(ctx context.Context, l *Load, g *process.Group) (*rig, error) {
	rig := &rig{load: l, group: g}
	var err error
	natsURL := ""
	if l.Feed != nil {
		if rig.bus, err = r.startBus(ctx, g, false); err != nil {
			return nil, err
		}
		natsURL = rig.bus.url()
	}
	if rig.gate, err = r.startServer(ctx, l, g, rig.bus); err != nil {
		return nil, err
	}
	if l.Feed != nil {
		args := append(append([]string{}, l.Feed...), "--nats-url", natsURL)
		if rig.feed, err = g.Start(process.Command{Name: "feedsim", Path: r.program("feedsim"), Args: args}); err != nil {
			return nil, err
		}
	}
	if err = wait(ctx, l.Fill); err != nil {
		return nil, err
	}
	if rig.restBytes, err = rig.gate.process.RSS(); err != nil {
		return nil, err
	}
	return rig, rig.startGenerators(r.program("peers"), natsURL)
}

func (rig *rig) startGenerators(program, natsURL string) error {
	for n := range rig.load.generators() {
		p, err := rig.group.Start(process.Command{
			Name: fmt.Sprintf("load-%d", n+1), Path: program, Args: rig.load.generatorArgs(n, rig.gate.address, natsURL),
		})
		if err != nil {
			return err
		}
		rig.generators = append(rig.generators, p)
	}
	return nil
}

var errNoAnswer = errors.New("scenario: a load generator did not answer")

// Answers of the load generator.
var (
	answerNumber = regexp.MustCompile(`^(\d+)$`)
	answerLag    = regexp.MustCompile(`^(\d+|null)$`)
	answerTrue   = regexp.MustCompile(`^true$`)
	answerObject = regexp.MustCompile(`^(\{.*\})$`)
)

// answerMost is how long load generators may take for an answer: many times what opening all streams takes. One that is so overloaded has no figure, and does not cost the others their time.
const answerMost = 45 * time.Second

// ask gives all load generators a command and returns their answers.
func (rig *rig) ask(ctx context.Context, command string, answer *regexp.Regexp) (answers []string, err error) {
	for _, g := range rig.generators {
		if err := g.Say(command); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, answerMost, fmt.Errorf("%w to %q within %s", errNoAnswer, command, answerMost))
	defer cancel()
	ctx, stop := rig.group.Watch(ctx)
	defer stop()
	for _, g := range rig.generators {
		match, err := g.Await(ctx, answer)
		if err != nil {
			return nil, err
		}
		answers = append(answers, match[len(match)-1])
	}
	return answers, nil
}

// step opens streams until there are so many, and measures a window.
func (rig *rig) step(ctx context.Context, step Step) (figure.Result, error) {
	result := rig.load.newResult(step.Streams)
	if _, err := rig.ask(ctx, fmt.Sprintf("open %d", step.Streams/rig.load.generators()), answerNumber); err != nil {
		return result, err
	}
	late, err := rig.settle(ctx, step)
	if err != nil {
		return result, err
	}
	before, err := rig.readCounters(ctx)
	if err != nil {
		return result, err
	}
	if _, err := rig.ask(ctx, "begin", answerTrue); err != nil {
		return result, err
	}
	used, err := rig.measure(ctx, step.Window)
	if err != nil {
		return result, err
	}
	seen, err := rig.end(ctx)
	if err != nil {
		return result, err
	}
	after, err := rig.readCounters(ctx)
	if err != nil {
		return result, err
	}
	rig.fill(&result, seen, used)
	if late > 0 {
		result.Notes = append(result.Notes, figure.Note{
			Notice: "began late", Text: fmt.Sprintf("the window began %d events of %s after its place in the recording", late, marketSymbols[0]),
		})
	}
	if rig.load.hasBadReaders() {
		result.Notes = append(result.Notes, figure.Note{Notice: "bad readers", Text: rig.load.badReaders(&result, seen, after.since(before), after.stalled)})
	}
	return result, rig.group.Err()
}

// end ends the window of all load generators and returns what they saw in it together.
func (rig *rig) end(ctx context.Context) (*figure.Window, error) {
	answers, err := rig.ask(ctx, "end", answerObject)
	if err != nil {
		return nil, err
	}
	var seen figure.Window
	for _, text := range answers {
		var one figure.Window
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, fmt.Errorf("scenario: the load generator's window: %w", err)
		}
		seen.Merge(&one)
	}
	return &seen, nil
}

// stopFeed ends the feed and returns how many events it has published, all of which the bus has then: feedsim counts them after a flush, and fails
// if that does.
func (rig *rig) stopFeed(ctx context.Context) (published float64, err error) {
	rig.feed.Stop()
	match, err := rig.feed.Await(ctx, feedPublished)
	if err != nil {
		return 0, err
	}
	if err := rig.feed.Failure(); err != nil {
		return 0, err
	}
	return strconv.ParseFloat(match[1], 64)
}

// finish stops the feed and asks for the verdict.
func (rig *rig) finish(ctx context.Context) error {
	if rig.feed != nil {
		if _, err := rig.stopFeed(ctx); err != nil {
			return err
		}
	}
	answers, err := rig.ask(ctx, "finish", answerObject)
	if err != nil {
		return err
	}
	verdict, err := verdictOf(answers)
	if err != nil {
		return err
	}
	if verdict.Err() == nil {
		return nil
	}
	counters, err := rig.readCounters(ctx)
	return errors.Join(verdict.Err(), counters.losses(), err)
}

// verdictOf merges the verdicts of all load generators.
func verdictOf(answers []string) (*figure.Verdict, error) {
	var verdict figure.Verdict
	for _, text := range answers {
		var one figure.Verdict
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, fmt.Errorf("scenario: the load generator's verdict: %w", err)
		}
		verdict.Merge(&one)
	}
	return &verdict, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
