package scenario

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/process"
)

// scripted implements Job: it runs a shell.
type scripted struct {
	script string
	fails  bool
}

func (s *scripted) Name() string            { return "of a test: " + s.script }
func (s *scripted) Estimate() time.Duration { return time.Second }

func (s *scripted) Run(_ context.Context, r *Runner) []figure.Result {
	g, err := process.NewGroup(r.folder)
	if err != nil {
		return []figure.Result{{Errors: []string{err.Error()}}}
	}
	defer g.Stop()
	p, err := g.Start(process.Command{Name: "shell", Path: "/bin/sh", Args: []string{"-c", s.script}})
	if err != nil || s.fails {
		return []figure.Result{{Errors: []string{errors.Join(errLost, err).Error()}}}
	}
	p.Stop()
	return []figure.Result{{}}
}

// TestLogsOfAFailedJobAreKept: the result says where; those of others, and of the last time, are removed.
func TestLogsOfAFailedJobAreKept(t *testing.T) {
	logs := filepath.Join(t.TempDir(), "logs")
	if err := os.MkdirAll(filepath.Join(logs, "of-the-last-time"), 0o755); err != nil {
		t.Fatal(err)
	}
	runner, err := NewRunner("bin", logs)
	if err != nil {
		t.Fatal(err)
	}
	if result := runner.Run(t.Context(), &scripted{script: "true"}, 1)[0]; result.Failed() || result.Logs != "" || result.Repeat != 1 {
		t.Errorf("a job without an error: %+v", result)
	}
	for repeat := range 2 {
		result := runner.Run(t.Context(), &scripted{script: "false", fails: true}, repeat+1)[0]
		if _, err := os.Stat(filepath.Join(result.Logs, "shell.log")); err != nil || result.Repeat != repeat+1 {
			t.Errorf("repeat %d: %v, %+v", repeat+1, err, result)
		}
	}
	if folders, err := os.ReadDir(logs); err != nil || len(folders) != 2 {
		t.Errorf("logs are in %v, %v", folders, err)
	}
}

// hanging implements Job: it waits for its context alone.
type hanging struct{ cause error }

func (h *hanging) Name() string            { return "hanging" }
func (h *hanging) Estimate() time.Duration { return time.Second }

func (h *hanging) Run(ctx context.Context, _ *Runner) []figure.Result {
	<-ctx.Done()
	h.cause = context.Cause(ctx)
	return nil
}

func TestAJobThatHangsIsEnded(t *testing.T) {
	runner, err := NewRunner("bin", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		job := &hanging{}
		runner.Run(t.Context(), job, 1)
		if !errors.Is(job.cause, errPatience) {
			t.Errorf("ended since %v", job.cause)
		}
	})
}
