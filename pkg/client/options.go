package client

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc"
)

// Option changes how a Client works.
type Option func(*options)

type options struct {
	addresses   []string
	name        string
	heartbeat   time.Duration
	freshness   time.Duration
	leastWait   time.Duration
	mostWait    time.Duration
	eventBuffer int
	background  bool
	report      bool
	onUpdate    func(Update)
	onState     func(StateChange)
	onNotice    func(Notice)
	dial        []grpc.DialOption
	log         *slog.Logger
}

func defaults() options {
	return options{
		heartbeat:   30 * time.Second,
		freshness:   time.Second,
		leastWait:   250 * time.Millisecond,
		mostWait:    30 * time.Second,
		eventBuffer: 4096,
		log:         slog.New(slog.DiscardHandler),
	}
}

// WithAddresses adds gateways (host:port). The client uses one at a time, and the next when it is lost.
func WithAddresses(addresses ...string) Option {
	return func(o *options) { o.addresses = append(o.addresses, addresses...) }
}

// WithName is what the gateway's logs call this client, 64 bytes at most.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithHeartbeat sets how often the client gives a sign of life, default 30 s, which gateways end streams after twice of. A gateway from which nothing has come for two
// of them is missing.
func WithHeartbeat(every time.Duration) Option { return func(o *options) { o.heartbeat = every } }

// WithFreshness bounds how long batches may be unacknowledged, default 1 s; 0 turns it off.
func WithFreshness(bound time.Duration) Option { return func(o *options) { o.freshness = bound } }

// WithBackoff sets the wait before the first reconnect, default 250 ms, and the greatest, default 30 s. It doubles in between, give or take a fifth.
func WithBackoff(least, most time.Duration) Option {
	return func(o *options) { o.leastWait, o.mostWait = least, most }
}

// WithEventBuffer sets how many updates of symbols with AllEvents may wait for the application, default 4,096. Beyond it they conflate.
func WithEventBuffer(updates int) Option { return func(o *options) { o.eventBuffer = updates } }

// WithUpdates has f called with each update, on one goroutine, in place of Client.Updates. While it runs, values conflate.
func WithUpdates(f func(Update)) Option { return func(o *options) { o.onUpdate = f } }

// WithStates has f called when the client's state changes, on a goroutine of its own, in order.
func WithStates(f func(StateChange)) Option { return func(o *options) { o.onState = f } }

// WithNotices has f called with what gateways have to say to people and logs, on the goroutine of WithStates.
func WithNotices(f func(Notice)) Option { return func(o *options) { o.onNotice = f } }

// InBackground lets Dial return at once, whether or not a gateway is there.
func InBackground() Option { return func(o *options) { o.background = true } }

// ReportingLatency sends the client's own end-to-end latency with its heartbeats, so that the gateway's reports have the last stage.
func ReportingLatency() Option { return func(o *options) { o.report = true } }

// WithLogger has the client log what an operator should know; by default nothing is logged.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithGRPC adds options for connections, such as transport credentials. Without any, connections are not encrypted.
func WithGRPC(dial ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, dial...) }
}

// WithDialer replaces how connections are made, for tests and tunnels.
func WithDialer(dial func(ctx context.Context, address string) (net.Conn, error)) Option {
	return WithGRPC(grpc.WithContextDialer(dial))
}

func (o *options) validate() error {
	switch {
	case len(o.addresses) == 0 || o.addresses[0] == "":
		return fmt.Errorf("%w: no address, give host:port of a gateway", ErrOptions)
	case o.heartbeat < time.Millisecond:
		return fmt.Errorf("%w: WithHeartbeat is %v, give 1ms or more", ErrOptions, o.heartbeat)
	case o.freshness < 0:
		return fmt.Errorf("%w: WithFreshness is %v, give 0 or more", ErrOptions, o.freshness)
	case o.leastWait <= 0 || o.mostWait < o.leastWait:
		return fmt.Errorf("%w: WithBackoff is %v to %v, give 0 < least <= most", ErrOptions, o.leastWait, o.mostWait)
	case o.eventBuffer < 1:
		return fmt.Errorf("%w: WithEventBuffer is %d, give 1 or more", ErrOptions, o.eventBuffer)
	}
	return nil
}
