package gateway_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd"
)

// TestSIGTERM drains a process as whoever runs it does, with bounds that a quick test can wait for.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	const timeout = 3 * time.Second
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	took := terminateUnderLoad(t, program, "--drain-timeout="+timeout.String(), "--drain-grace=1s", "--send-stall=1m")
	if took < timeout || took > timeout+2*time.Second {
		t.Errorf("the process took %v to stop, want %v: nothing else ends a stream that is not read", took, timeout)
	}
}

// TestLongSIGTERM has the default settings, and those with which nothing but the drain ends who does not read.
func TestLongSIGTERM(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	for _, args := range [][]string{nil, {"--send-stall=1m"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			t.Parallel()
			if took := terminateUnderLoad(t, program, args...); took > longestDrain {
				t.Errorf("the process took %v to stop, want %v at most", took, longestDrain)
			}
		})
	}
}

// terminateUnderLoad drains a process by SIGTERM, wants exit code 0, and returns how long it took to stop.
func terminateUnderLoad(t *testing.T, program string, args ...string) time.Duration {
	t.Helper()
	p := startGatewayProcess(t, program, append(freePorts(t), args...)...)
	p.awaitReady()
	return drainUnderLoad(t, drained{
		dialer: p, bus: bus.Connection{URL: p.nats}, admin: p.admin,
		begin: func() { p.Signal(syscall.SIGTERM) },
		await: func() {
			if code := p.Wait(); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			checkLeftNothing(t, p.Process)
		},
	})
}

// TestAdminListener looks at what operators look at, from before NATS is there on.
func TestAdminListener(t *testing.T) {
	t.Parallel()
	nats := natsd.DefaultConfig()
	nats.Listen, nats.StoreDir = fmt.Sprintf("127.0.0.1:%d", freePort(t)), t.TempDir()
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	p := startGatewayProcess(t, program, append(freePorts(t), "--nats-url=nats://"+nats.Listen)...)
	wantPage(t, p.admin+"/healthz", http.StatusOK, "ok\n")
	wantPage(t, p.admin+"/readyz", http.StatusServiceUnavailable, "waiting for NATS and the last values\n")
	server, err := natsd.Start(nats, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	awaitPage(t, p.admin+"/readyz", func(body string) bool { return body == "ready\n" })
	for path, has := range map[string]string{
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "tickgate/internal/feed",
		"/debug/pprof/cmdline":           "--nats-url",
		"/debug/pprof/profile?seconds=1": "",
		"/debug/pprof/heap":              "",
		"/debug/pprof/trace?seconds=0.1": "",
		"/debug/pprof/symbol":            "num_symbols",
		"/debug/pprof/nosuchprofile":     "",
	} {
		want := http.StatusOK
		if strings.HasSuffix(path, "nosuchprofile") {
			want = http.StatusNotFound
		}
		if status, _, body := get(t, p.admin+path, ""); status != want || body == "" || !strings.Contains(body, has) {
			t.Errorf("%s has status %d and %d bytes, want %d and %q in them", path, status, len(body), want, has)
		}
		if status, _, _ := get(t, p.web+path, ""); status != http.StatusNotFound {
			t.Errorf("the public listener answers %s with status %d, want 404", path, status)
		}
	}
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// wantPage demands a page at once.
func wantPage(t *testing.T, url string, status int, body string) {
	t.Helper()
	if gotStatus, _, got := get(t, url, ""); gotStatus != status || got != body {
		t.Errorf("%s has status %d and %q, want %d and %q", url, gotStatus, got, status, body)
	}
}
