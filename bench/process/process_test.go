package process_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"tickgate/bench/process"
)

func group(t *testing.T) *process.Group {
	t.Helper()
	g, err := process.NewGroup(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g
}

func start(t *testing.T, g *process.Group, script string) *process.Process {
	t.Helper()
	p, err := g.Start(process.Command{Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTalksMeasuresAndStops(t *testing.T) {
	g := group(t)
	p := start(t, g, "read word; echo got $word; read rest")
	if err := p.Say("hello"); err != nil {
		t.Fatal(err)
	}
	match, err := p.Await(t.Context(), regexp.MustCompile(`^got (\w+)$`))
	if err != nil || match[1] != "hello" {
		t.Fatalf("%v, %v", match, err)
	}
	if bytes, err := p.RSS(); err != nil || bytes < 100<<10 {
		t.Errorf("%d bytes resident, %v", bytes, err)
	}
	if _, err := p.CPU(); err != nil {
		t.Error(err)
	}
	watching, stop := g.Watch(t.Context())
	defer stop()
	p.Stop()
	if !p.HasEnded() || watching.Err() != nil || g.Err() != nil {
		t.Errorf("stopped on purpose: ended %v, %v, %v", p.HasEnded(), context.Cause(watching), g.Err())
	}
}

func TestAnEndByItselfIsNoticed(t *testing.T) {
	g := group(t)
	p := start(t, g, "echo what went wrong; exit 3")
	watching, stop := g.Watch(t.Context())
	defer stop()
	<-watching.Done()
	err := context.Cause(watching)
	if !errors.Is(err, process.ErrEnded) || !strings.Contains(err.Error(), "what went wrong") || !strings.Contains(err.Error(), "status 3") {
		t.Errorf("the cause is %v", err)
	}
	if _, err := p.Await(t.Context(), regexp.MustCompile("never")); !errors.Is(err, process.ErrEnded) {
		t.Errorf("waiting for what it does not print: %v", err)
	}
}

// TestAFailureAsItEndsIsNoticed: being asked to end does not excuse an exit code.
func TestAFailureAsItEndsIsNoticed(t *testing.T) {
	g := group(t)
	good, bad := start(t, g, "trap 'exit 0' TERM; echo up; read word"), start(t, g, "trap 'echo lost some; exit 4' TERM; echo up; read word")
	for _, p := range []*process.Process{good, bad} {
		if _, err := p.Await(t.Context(), regexp.MustCompile("^up$")); err != nil {
			t.Fatal(err)
		}
		p.Stop()
	}
	if err := good.Failure(); err != nil {
		t.Error(err)
	}
	if err := bad.Failure(); !errors.Is(err, process.ErrFailed) || !strings.Contains(err.Error(), "status 4") || !strings.Contains(err.Error(), "lost some") {
		t.Errorf("exit code 4 at the end: %v", err)
	}
}

// TestCPUCounts: what a busy loop uses is counted, and only that.
func TestCPUCounts(t *testing.T) {
	p, idle := start(t, group(t), "while :; do :; done"), start(t, group(t), "read word")
	const enough = 50 * time.Millisecond
	var used time.Duration
	for deadline := time.Now().Add(20 * time.Second); used < enough && time.Now().Before(deadline); {
		var err error
		if used, err = p.CPU(); err != nil {
			t.Fatal(err)
		}
	}
	if used < enough {
		t.Errorf("a busy loop used %s of processor time", used)
	}
	if other, err := idle.CPU(); err != nil || other >= enough {
		t.Errorf("a process that waits used %s, %v", other, err)
	}
	p.Stop()
	if _, err := p.CPU(); err == nil {
		t.Error("a process that has ended has processor time")
	}
}
