package gateway_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
)

// natsServer is the command of NATS's own server, as the Makefile builds it.
const natsServer = "github.com/nats-io/nats-server/v2"

// dialer is a gateway to which clients connect, wherever it runs.
type dialer interface {
	Dial(testing.TB, ...grpc.DialOption) *grpc.ClientConn
}

// gatewayProcess is cmd/gateway as a process of its own.
type gatewayProcess struct {
	*gatewaytest.Process
	t                testing.TB
	grpc             string // host:port
	web, admin, nats string // URLs, without a slash at the end
}

// startGatewayProcess returns when the gateway listens. It is killed when the test ends, if it has not ended before.
func startGatewayProcess(t testing.TB, program string, args ...string) *gatewayProcess {
	t.Helper()
	p := &gatewayProcess{Process: gatewaytest.StartProcess(t, program, nil, args...), t: t}
	p.AwaitLine("Ctrl-C stops")
	stdout, _ := p.Output()
	a := addressesIn(stdout)
	p.grpc, p.web, p.admin, p.nats = a["gRPC"], strings.TrimSuffix(a["web"], "/"), strings.TrimSuffix(a["admin"], "/metrics"), a["NATS"]
	return p
}

var addressLine = regexp.MustCompile(`^  (gRPC|web|admin|NATS) +(\S+)$`)

// addressesIn returns what a gateway prints at its start, by the first word of the line.
func addressesIn(stdout []string) map[string]string {
	addresses := make(map[string]string)
	for _, line := range stdout {
		if m := addressLine.FindStringSubmatch(line); m != nil {
			addresses[m[1]] = m[2]
		}
	}
	return addresses
}

// Dial returns a connection of its own, which is closed when the test ends.
func (p *gatewayProcess) Dial(t testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return gatewaytest.Dial(t, p.grpc, options...)
}

func (p *gatewayProcess) awaitReady() {
	p.t.Helper()
	p.AwaitLine("msg=ready")
}

// kill ends the process without letting it do anything any more.
func (p *gatewayProcess) kill() {
	p.t.Helper()
	kill(p.t, p.Process)
	if _, stderr := p.Output(); strings.Contains(strings.Join(stderr, "\n"), "msg=draining") {
		p.t.Error("the gateway has drained: it was not killed")
	}
}

func kill(t testing.TB, p *gatewaytest.Process) {
	t.Helper()
	p.Signal(syscall.SIGKILL)
	if code := p.Wait(); code != -1 {
		t.Errorf("exit code %d of a process that was killed, want none", code)
	}
}

// natsProcess is a nats-server with JetStream as a process of its own, which a test kills and starts again on the same port with the same files.
type natsProcess struct {
	t       testing.TB
	program string
	folder  string // of JetStream
	port    string
	process *gatewaytest.Process
}

// startNATSProcess returns when the server can be connected to.
func startNATSProcess(t testing.TB, program string) *natsProcess {
	t.Helper()
	n := &natsProcess{t: t, program: program, folder: filepath.Join(t.TempDir(), "jetstream"), port: "-1"} // any port at first
	n.restart()
	return n
}

func (n *natsProcess) restart() {
	n.t.Helper()
	n.process = gatewaytest.StartProcess(n.t, n.program, nil, "--addr=127.0.0.1", "--port="+n.port, "--jetstream", "--store_dir="+n.folder)
	listening := n.process.AwaitLine("Listening for client connections on")
	n.process.AwaitLine("Server is ready")
	n.port = listening[strings.LastIndex(listening, ":")+1:]
}

// stop kills it.
func (n *natsProcess) stop() {
	n.t.Helper()
	kill(n.t, n.process)
}

func (n *natsProcess) connection() bus.Connection {
	return bus.Connection{URL: "nats://127.0.0.1:" + n.port}
}
