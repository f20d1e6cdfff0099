package gateway_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"tickgate/internal/gateway/gatewaytest"
)

// TestProgram runs cmd/gateway as a user does.
func TestProgram(t *testing.T) {
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	t.Run("demo", func(t *testing.T) { runDemo(t, program) })
	t.Run("port in use", func(t *testing.T) { takePorts(t, program) })
	t.Run("wrong settings", func(t *testing.T) { giveWrongSettings(t, program) })
	t.Run("print-config", func(t *testing.T) { printConfig(t, program) })
	t.Run("defaults", func(t *testing.T) { printDefaults(t, program) })
}

// freePorts are flags with which a gateway disturbs nobody.
func freePorts(t testing.TB) []string {
	t.Helper()
	return []string{
		"--grpc-listen=127.0.0.1:0", "--web-listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--nats-listen=127.0.0.1:0",
		"--data-dir=" + filepath.Join(t.TempDir(), "nats"),
	}
}

// wantOneLine demands an exit code and one line of explanation with some words in it, and nothing else.
func wantOneLine(t *testing.T, p *gatewaytest.Process, exitCode int, words ...string) {
	t.Helper()
	got := p.Wait()
	stdout, stderr := p.Output()
	if got != exitCode || len(stdout) != 0 || len(stderr) != 1 {
		t.Fatalf("exit code %d, want %d; want one line on standard error only, got %q and %q", got, exitCode, stdout, stderr)
	}
	for _, word := range words {
		if !strings.Contains(stderr[0], word) {
			t.Errorf("%q does not name %q", stderr[0], word)
		}
	}
}

// takePorts has each of the four listeners find its port taken.
func takePorts(t *testing.T, program string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	for _, setting := range []string{"grpc-listen", "web-listen", "admin-listen", "nats-listen"} {
		t.Run(setting, func(t *testing.T) {
			p := gatewaytest.StartProcess(t, program, nil, append(freePorts(t), "--"+setting+"=127.0.0.1:"+port)...)
			wantOneLine(t, p, 1, port, setting, "in use")
		})
	}
}

// settingsFile returns the path of a file with that content.
func settingsFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// giveWrongSettings makes one mistake at a time.
func giveWrongSettings(t *testing.T, program string) {
	for _, c := range []struct {
		name    string
		environ []string
		args    []string
		yaml    string
		words   []string
	}{
		{name: "unknown flag", args: []string{"--no-such-setting=1"}, words: []string{"--no-such-setting"}},
		{name: "unknown key", yaml: "no-such-setting: 1\n", words: []string{"no-such-setting", "gateway.yaml"}},
		{name: "unknown variable", environ: []string{"TICKGATE_NO_SUCH_SETTING=1"}, words: []string{"TICKGATE_NO_SUCH_SETTING"}},
		{name: "no number", args: []string{"--ring-depth=deep"}, words: []string{"--ring-depth", "deep"}},
		{name: "no number in the file", yaml: "ring-depth: deep\n", words: []string{"ring-depth", "deep", "gateway.yaml"}},
		{name: "no number in the environment", environ: []string{"TICKGATE_RING_DEPTH=deep"}, words: []string{"TICKGATE_RING_DEPTH", "deep"}},
		{name: "no power of two", args: []string{"--ring-depth=63"}, words: []string{"ring-depth", "63"}},
		{name: "no duration", args: []string{"--stale-after=2"}, words: []string{"stale-after", "2"}},
		{name: "no value", args: []string{"--grpc-listen"}, words: []string{"--grpc-listen"}},
		{name: "no level", args: []string{"--log-level=loud"}, words: []string{"log-level", "loud"}},
		{name: "no flag", args: []string{"demo"}, words: []string{"demo"}},
		{name: "no YAML", yaml: "{", words: []string{"gateway.yaml"}},
		{name: "no file", args: []string{"--config=missing.yaml"}, words: []string{"missing.yaml", "--config"}},
		{name: "demo on another NATS", args: []string{"--demo", "--nats-url=nats://127.0.0.1:1"}, words: []string{"demo", "nats-url"}},
		{name: "demo whose commands would be market data", args: []string{"--demo", "--subject-prefix=feedsim"}, words: []string{"demo", "subject-prefix"}},
		{name: "no prefix", args: []string{"--subject-prefix=a b"}, words: []string{"subject-prefix", "a b"}},
		{name: "no replica", args: []string{"--keep-replicas=0"}, words: []string{"keep-replicas", "0"}},
		{name: "no time for NATS", args: []string{"--nats-start-timeout=0s"}, words: []string{"nats-start-timeout", "0s"}},
		{name: "two ways to authenticate", args: []string{"--nats-url=nats://127.0.0.1:1", "--nats-user=a", "--nats-creds-file=b"},
			words: []string{"nats-user", "nats-creds-file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append(freePorts(t), c.args...)
			if c.yaml != "" {
				args = append(args, "--config="+settingsFile(t, c.yaml))
			}
			wantOneLine(t, gatewaytest.StartProcess(t, program, c.environ, args...), 2, c.words...)
		})
	}
}

// printConfig loads what was printed, and demands that the same is printed again.
func printConfig(t *testing.T, program string) {
	first := printed(t, program, []string{"TICKGATE_RING_DEPTH=128", "TICKGATE_NATS_PASSWORD=hush"}, "--stale-after=3s", "--demo", "--subject-prefix=a.b")
	second := printed(t, program, []string{"TICKGATE_NATS_PASSWORD=hush"}, "--config="+settingsFile(t, first))
	var settings, again map[string]any
	for text, to := range map[string]*map[string]any{first: &settings, second: &again} {
		if err := yaml.Unmarshal([]byte(text), to); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
	for name, want := range map[string]any{"ring-depth": 128, "stale-after": "3s", "demo": true, "subject-prefix": "a.b", "grpc-listen": "127.0.0.1:50051"} {
		if settings[name] != want {
			t.Errorf("%s is %v, want %v", name, settings[name], want)
		}
	}
	if !reflect.DeepEqual(settings, again) {
		t.Errorf("printed were\n%s\nand after loading that\n%s", first, second)
	}
	if strings.Contains(first+second, "hush") {
		t.Error("a secret was printed")
	}
	for _, origin := range []string{"TICKGATE_RING_DEPTH", "flag --stale-after"} {
		if !slices.ContainsFunc(strings.Split(first, "\n"), func(line string) bool { return strings.Contains(line, origin) }) {
			t.Errorf("where a setting comes from, %s, is not told:\n%s", origin, first)
		}
	}
}

// printDefaults pins what users rely on without setting it: where the gateway listens, its limits and its times.
func printDefaults(t *testing.T, program string) {
	var settings map[string]any
	if err := yaml.Unmarshal([]byte(printed(t, program, nil)), &settings); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"grpc-listen":  "127.0.0.1:50051",
		"web-listen":   "127.0.0.1:8080",
		"admin-listen": "127.0.0.1:9464",
		"nats-listen":  "127.0.0.1:4222",
		"nats-url":     "", // a NATS of our own, there

		"max-symbols-per-request":    1_000,
		"max-symbols-per-stream":     10_000,
		"max-streams-per-connection": 100,
		"max-message-bytes":          256 << 10,
		"max-header-bytes":           16 << 10,
		"handshake-timeout":          "5s",
		"keepalive-time":             "10s",
		"keepalive-timeout":          "5s",
		"min-client-ping":            "10s",
		"command-rate":               100,
		"command-burst":              200,
		"process-command-rate":       1_000,
		"send-stall":                 "5s",
		"max-symbols":                100_000,
		"min-interval":               "0s",
		"max-interval":               "1m0s",

		"nats-start-timeout":    "30s",
		"first-message-timeout": "10s",
		"idle-timeout":          "1m0s",
		"min-freshness":         "50ms",
		"max-freshness":         "1m0s",
		"drain-timeout":         "20s",
		"drain-grace":           "5s",
		"stale-after":           "1.5s",
		"ring-depth":            64,
		"subject-prefix":        "md",
	} {
		if got := settings[name]; got != want {
			t.Errorf("%s is %v by default, want %v", name, got, want)
		}
	}
}

func printed(t *testing.T, program string, environ []string, args ...string) string {
	t.Helper()
	p := gatewaytest.StartProcess(t, program, environ, append(args, "--print-config")...)
	exitCode := p.Wait()
	stdout, stderr := p.Output()
	if exitCode != 0 || len(stderr) != 0 {
		t.Fatalf("exit code %d and %q, want 0 and no error", exitCode, stderr)
	}
	return strings.Join(stdout, "\n") + "\n"
}
