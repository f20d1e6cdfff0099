package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/feedsim/fault"
	"tickgate/internal/natsd/natstest"
)

// inBackground runs the program until the test ends, and returns what stops it and what it then printed.
func inBackground(t *testing.T, args ...string) (stop func() (code int, stdout string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		code   int
		stdout string
	}
	ended := make(chan result, 1)
	go func() {
		var out bytes.Buffer
		p := program{stdout: &out, stderr: io.Discard}
		code := p.run(ctx, args)
		ended <- result{code, out.String()}
	}()
	stopped := false
	stop = func() (int, string) {
		cancel()
		stopped = true
		r := <-ended
		return r.code, r.stdout
	}
	t.Cleanup(func() {
		if !stopped {
			stop()
		}
	})
	return stop
}

// controlFeed runs a command until the feed is there.
func controlFeed(t *testing.T, s *server.Server, args ...string) string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, append([]string{"control", "--nats-url", s.ClientURL()}, args...)...)
		if code == exitOK {
			return stdout
		}
		if !strings.Contains(stderr, "no feed listens") && !strings.Contains(stderr, "not running") || time.Now().After(deadline) {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
	}
}

func TestControlReplay(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	faultLog := filepath.Join(t.TempDir(), "faults.jsonl")
	stop := inBackground(t, "replay", "--nats-url", s.ClientURL(), "--loop", "--speed=0.001", "--fault-log", faultLog, "--fault", "duplicate rate=1",
		"../../sample/quotes_60s.csv.gz", "../../sample/trades_60s.csv.gz")
	for _, c := range []struct{ command, want string }{
		{"status", "playing  2024-08-08 23:57:00.0"},
		{"pause", "paused  2024-08-08 23:57:00.0"},
		{"seek 23:57:30", "paused  2024-08-08 23:57:30.000  speed 0.001  lag 0s"},
		{"seek -10s", "23:57:20.000"},
		{"seek +1500ms", "23:57:21.500"},
		{"seek 23:57", ""},
		{"seek 2024-08-08T23:57:59.5Z", "23:57:59.500"},
		{"fault gap rate=0.5 length=3", "active: duplicate rate=1 times=1; gap rate=0.5 length=3"},
		{"clear", "faults so far\n"},
		{"fault skew by=1s", "active: skew by=1s"},
		{"speed max", "speed max"},
		{"speed 4", "paused  2024-08-08 23:57:59.500  speed 4"},
		{"resume", "playing  2024-08-08 23:57:59.5"},
	} {
		if c.want == "" { // nothing was recorded before 23:57:00.1
			code, _, stderr := feedsimRun(t.Context(), t, nil, append([]string{"control", "--nats-url", s.ClientURL()}, strings.Fields(c.command)...)...)
			if code != exitFailed || !strings.Contains(stderr, "refused: outside of the recording: it begins at 2024-08-08T23:57:00.0") {
				t.Errorf("%s: exit code %d, %q", c.command, code, stderr)
			}
			continue
		}
		if got := controlFeed(t, s, strings.Fields(c.command)...); !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %q, want %q", c.command, got, c.want)
		}
	}
	code, stdout := stop()
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	contains(t, "summary", stdout, "feedsim: stopped", "on purpose")
	file, err := os.Open(faultLog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if log, err := fault.ReadLog(bufio.NewReader(file)); err != nil || len(log) == 0 || log[0].Fault != fault.Duplicate || log[0].From != 1 {
		t.Errorf("fault log %+v, %v", log, err)
	}
}

func TestControlGenerate(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	stop := inBackground(t, "generate", "--nats-url", s.ClientURL(), "--rate=10", "--control-name=synthetic market")
	if got := controlFeed(t, s, "--control-name=synthetic market", "rate", "2000"); !strings.Contains(got, "2000/s") {
		t.Errorf("rate: %q", got)
	}
	for command, want := range map[string]string{"speed 4": "change its rate", "seek 10:30": "cannot be sought in", "rate 0": "give 1e-06 to 10000000", "fault flood": "there is no kind"} {
		code, _, stderr := feedsimRun(t.Context(), t, nil, append([]string{"control", "--nats-url", s.ClientURL(), "--control-name=synthetic market"}, strings.Fields(command)...)...)
		if code != exitFailed || !strings.Contains(stderr, "feedsim: refused: ") || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q, want %q", command, code, stderr, want)
		}
	}
	if code, _ := stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestControlOfNobody fails within a second, in one line: there is no feed by that name, it cannot be steered, or there is no NATS.
func TestControlOfNobody(t *testing.T) {
	s := natstest.Start(t, server.Options{})
	inBackground(t, "generate", "--nats-url", s.ClientURL(), "--rate=10", "--control-name=")
	for _, c := range []struct{ url, want string }{
		{s.ClientURL(), `no feed listens by that name: "feedsim"; is it running, at this NATS, and with this control-name?`},
		{"nats://127.0.0.1:1", "no NATS server answers there within 1s (nats-timeout)"},
	} {
		began := time.Now()
		code, stdout, stderr := feedsimRun(t.Context(), t, nil, "control", "--nats-url", c.url, "status")
		if took := time.Since(began); code != exitFailed || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 || took > 1500*time.Millisecond {
			t.Errorf("exit code %d after %v, %q, %q, want %q", code, took, stdout, stderr, c.want)
		}
	}
}

// TestControlUsage: what is no command needs no NATS to be refused.
func TestControlUsage(t *testing.T) {
	for args, want := range map[string]string{
		"":                              "COMMAND is status",
		"stop":                          "COMMAND is status",
		"speed":                         "give it as: speed 4",
		"speed fast":                    `"fast" is not a number`,
		"pause now":                     "give it as: pause",
		"seek later":                    "+30s",
		"seek +later":                   "+30s",
		"fault":                         "give it as: fault silence",
		"--control-name= status":        "control-name",
		"--control-name=a\nb status":    "control-name",
		"--no-such-setting=1 status":    "no-such-setting",
		"--nats-timeout=soon status":    "nats-timeout",
		"--subject-prefix=other status": "subject-prefix",
	} {
		code, _, stderr := feedsimRun(t.Context(), t, nil, append([]string{"control"}, strings.FieldsFunc(args, func(r rune) bool { return r == ' ' })...)...)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
}

func TestSeekToNowhere(t *testing.T) {
	if c, err := parseCommand([]string{"seek", ""}); err == nil || !strings.Contains(err.Error(), "10:30") {
		t.Errorf("%v, %v", c, err)
	}
}

// TestFaultSettings are refused by name, before anything is played.
func TestFaultSettings(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--fault=flood"}, "--fault"},
		{[]string{"--fault=gap rate=2"}, "rate is 2"},
		{[]string{"--fault=gap", "--fault=silence"}, "silence needs for"},
		{[]string{"--control-name=a\tb"}, "control-name"},
		{[]string{"--subject-prefix=feedsim"}, "subject-prefix"},
	} {
		code, _, stderr := feedsimRun(t.Context(), t, nil, append([]string{"generate"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit code %d, %q, want %q", c.args, code, stderr, c.want)
		}
	}
	if code, _, stderr := feedsimRun(t.Context(), t, nil, "generate", "--fault-log=/no/such/folder/log"); code != exitFailed || !strings.Contains(stderr, "fault-log") {
		t.Errorf("a log that cannot be made: exit code %d, %q", code, stderr)
	}
}
