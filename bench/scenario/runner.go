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
	generator *process.Process
	restBytes int64 // of the server, before the first stream
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
	for _, streams := range l.Steps {
		result, err := rig.step(ctx, streams)
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
		if rig.bus, err = r.startBus(ctx, g, l.Capture); err != nil {
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
	rig.generator, err = g.Start(process.Command{Name: "load", Path: r.program("peers"), Args: l.generatorArgs(rig.gate.address, natsURL)})
	return rig, err
}

// Answers of the load generator.
var (
	answerNumber = regexp.MustCompile(`^(\d+)$`)
	answerTrue   = regexp.MustCompile(`^true$`)
	answerObject = regexp.MustCompile(`^(\{.*\})$`)
)

// ask gives the load generator a command and returns its answer.
func (rig *rig) ask(ctx context.Context, command string, answer *regexp.Regexp) (string, error) {
	if err := rig.generator.Say(command); err != nil {
		return "", err
	}
	ctx, stop := rig.group.Watch(ctx)
	defer stop()
	match, err := rig.generator.Await(ctx, answer)
	if err != nil {
		return "", err
	}
	return match[len(match)-1], nil
}

// step opens streams until there are so many, and measures a window.
func (rig *rig) step(ctx context.Context, streams int) (figure.Result, error) {
	result := rig.load.newResult(streams)
	if _, err := rig.ask(ctx, fmt.Sprintf("open %d", streams), answerNumber); err != nil {
		return result, err
	}
	if err := wait(ctx, rig.load.Settle); err != nil {
		return result, err
	}
	if _, err := rig.ask(ctx, "begin", answerTrue); err != nil {
		return result, err
	}
	used, err := rig.measure(ctx)
	if err != nil {
		return result, err
	}
	text, err := rig.ask(ctx, "end", answerObject)
	if err != nil {
		return result, err
	}
	var seen figure.Window
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return result, fmt.Errorf("scenario: the load generator's window: %w", err)
	}
	rig.fill(&result, &seen, used)
	return result, rig.group.Err()
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
	text, err := rig.ask(ctx, "finish", answerObject)
	if err != nil {
		return err
	}
	var verdict figure.Verdict
	if err := json.Unmarshal([]byte(text), &verdict); err != nil {
		return fmt.Errorf("scenario: the load generator's verdict: %w", err)
	}
	return verdict.Err()
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
