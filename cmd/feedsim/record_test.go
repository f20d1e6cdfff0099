package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tickgate/internal/natsd/natstest"

	"github.com/nats-io/nats-server/v2/server"
)

// asProgram makes the test binary be feedsim, so that a test can kill it.
const asProgram = "FEEDSIM_TEST_AS_PROGRAM"

// feedsimProcess starts the program as a process of its own.
func feedsimProcess(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asProgram+"=1")
	output := new(bytes.Buffer)
	command.Stderr = output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, output
}

// TestRecordSurvivesAKill: what kill -9 interrupts is completed by the next start, without a hole, and replay reads it.
func TestRecordSurvivesAKill(t *testing.T) {
	s, directory := natstest.Start(t, server.Options{}), filepath.Join(t.TempDir(), "recording")
	ctx, stop := context.WithCancel(t.Context())
	generated := make(chan int, 1)
	go func() {
		code, _, _ := feedsimRun(ctx, t, nil, "generate", "--nats-url", s.ClientURL(), "--rate=5000", "--symbols=1")
		generated <- code
	}()
	process, output := feedsimProcess(t, "record", "--directory", directory, "--nats-url", s.ClientURL(), "--flush-every=10ms")
	parts := filepath.Join(directory, "quotes-*.csv.part")
	awaitBytes(t, parts, 64<<10, output)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it says that it was killed
	flushed := fileBytes(t, parts)
	stop()
	if code := <-generated; code != exitOK {
		t.Fatalf("generate: exit code %d", code)
	}
	code, stdout, stderr := feedsimRun(t.Context(), t, nil, "record", "--directory", directory, "--nats-url", s.ClientURL(), "--duration=50ms")
	if code != exitOK || !strings.Contains(stderr, "an earlier recording was killed") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	contains(t, "summary", stdout, "recording to "+directory, "recorded      0 events", "missing       0 events in 0 gaps")
	code, stdout, stderr = feedsimRun(t.Context(), t, nil, "replay", "--nats-url", s.ClientURL(), "--speed=max", "--strict", directory)
	if code != exitOK || stderr != "" {
		t.Errorf("replay: exit code %d, stderr %q", code, stderr)
	}
	if least := flushed / 150; replayedRows(t, stdout) < least { // a row is shorter
		t.Errorf("%d bytes were flushed; replay says\n%s", flushed, stdout)
	}
}

func replayedRows(t *testing.T, summary string) int {
	t.Helper()
	_, after, _ := strings.Cut(summary, "rows          ")
	rows, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatalf("%v in %q", err, summary)
	}
	return rows
}

func fileBytes(t *testing.T, pattern string) int {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		return 0
	}
	info, err := os.Stat(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

func awaitBytes(t *testing.T, pattern string, least int, output *bytes.Buffer) {
	t.Helper()
	for deadline := time.Now().Add(patience); fileBytes(t, pattern) < least; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is recorded to %s: %s", pattern, output)
		}
	}
}
