package scenario

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"tickgate/bench/process"
)

// Kind is a system as the comparators' program names it.
type Kind string

// The systems. Which of them a scenario has is its own choice.
const (
	Tickgate   Kind = "tickgate"
	Naive      Kind = "naive"      // what most tutorials do
	LongPoll   Kind = "longpoll"   // HTTP long polling
	NATS       Kind = "nats"       // clients subscribe to nats-server
	Centrifuge Kind = "centrifuge" // the library, with glue of ours
	Floor      Kind = "floor"      // the same bytes at the same moments, and nothing else
)

// countsConflated tells whether the system says in its updates how many events were merged into them. One that delivers every event merges none.
func (k Kind) countsConflated() bool { return k == Tickgate || k == Naive || k == NATS }

// batchesIntervals tells whether a stream with an interval gets one batch for each.
func (k Kind) batchesIntervals() bool { return k == Tickgate || k == Naive || k == Floor }

// server is what the clients of a load talk to.
type server struct {
	process *process.Process // its processor time and memory are the system's
	address string
	admin   string // of the gateway
}

// Lines in which programs say where they listen.
var (
	natsListens    = regexp.MustCompile(`Listening for client connections on (\S+)`)
	gatewayListens = regexp.MustCompile(`^\s+gRPC\s+(\S+)`)
	gatewayAdmin   = regexp.MustCompile(`^\s+admin\s+(http\S+)`)
	gatewayReady   = regexp.MustCompile(`msg=ready`)
	peerListens    = regexp.MustCompile(`^listening (\S+)`)
)

// startServer starts the load's system. bus is nats-server.
func (r *Runner) startServer(ctx context.Context, l *Load, g *process.Group, bus *server) (*server, error) {
	switch l.Kind {
	case NATS:
		return bus, nil
	case Tickgate:
		return r.startGateway(ctx, g, bus, l.GatewayArgs, nil)
	}
	args := []string{"serve", string(l.Kind), "--interval", l.Interval.String(), "--streams", strconv.Itoa(l.most())}
	if bus != nil {
		args = append(args, "--nats-url", bus.url())
	}
	if l.Kind == Floor {
		args = append(args, "--bytes", strconv.Itoa(r.bytesPerBatch(l.Case)), "--slot", l.Slot.String())
	}
	p, err := g.Start(process.Command{Name: string(l.Kind), Path: r.program("peers"), Args: args})
	if err != nil {
		return nil, err
	}
	match, err := p.Await(ctx, peerListens)
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: match[1]}, nil
}

// gatewayArgs are the settings in which a benchmark differs from the defaults: free ports, limits that are out of the way, and no warm start,
// since the bus has no stream unless the load says so.
var gatewayArgs = []string{
	"--grpc-listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--warm-start-stream", "",
	"--process-command-rate", "1000000", "--process-command-burst", "1000000", "--idle-timeout", "1h", "--max-streams-per-connection", "1000",
}

func (r *Runner) startGateway(ctx context.Context, g *process.Group, bus *server, more, env []string) (*server, error) {
	p, err := g.Start(process.Command{
		Name: "gateway", Path: r.program("gateway"), Args: slices.Concat([]string{"--nats-url", bus.url()}, gatewayArgs, more), Env: env,
	})
	if err != nil {
		return nil, err
	}
	api, err := p.Await(ctx, gatewayListens)
	if err != nil {
		return nil, err
	}
	admin, err := p.Await(ctx, gatewayAdmin)
	if err != nil {
		return nil, err
	}
	_, err = p.Await(ctx, gatewayReady)
	return &server{process: p, address: api[1], admin: admin[1]}, err
}

// startBus starts a nats-server.
func (r *Runner) startBus(ctx context.Context, g *process.Group, capture bool) (*server, error) {
	config, err := r.busConfig(capture)
	if err != nil {
		return nil, err
	}
	p, err := g.Start(process.Command{Name: "nats-server", Path: r.program("nats-server"), Args: []string{"-c", config}})
	if err != nil {
		return nil, err
	}
	match, err := p.Await(ctx, natsListens)
	if err != nil {
		return nil, err
	}
	return &server{process: p, address: match[1]}, nil
}

func (s *server) url() string { return fmt.Sprintf("nats://%s", s.address) }
