package grpcload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tickgate/bench/load"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// driver implements load.Driver.
type driver struct {
	connections []*grpc.ClientConn
	receivers   sync.WaitGroup
}

// New returns a driver with the plan's connections, which are dialled when their first stream is opened.
func New(plan *load.Plan, dialer *load.Dialer) (load.Driver, error) {
	d := &driver{}
	for n := range plan.Connections {
		connection, err := grpc.NewClient("passthrough:///"+plan.Addresses[n%len(plan.Addresses)], append(windows(plan),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{})),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dialer.Dial(ctx, "tcp", address) }),
			grpc.WithDisableServiceConfig(),
		)...)
		if err != nil {
			return nil, errors.Join(err, d.close())
		}
		d.connections = append(d.connections, connection)
	}
	return d, nil
}

// Windows of a connection. A client whose windows are fixed does not probe the link: grpc-go's default sends a ping for nearly every message that comes while none is under way, and
// the server pays for reading and answering it.
const (
	streamWindow     = 64 << 10
	connectionWindow = 1 << 20
)

func windows(plan *load.Plan) []grpc.DialOption {
	if plan.Probing {
		return nil
	}
	return []grpc.DialOption{grpc.WithStaticStreamWindowSize(streamWindow), grpc.WithStaticConnWindowSize(connectionWindow)}
}

// Close closes the connections and waits for the receivers.
func (d *driver) Close() {
	_ = d.close() // the process ends next
	d.receivers.Wait()
}

func (d *driver) close() error {
	var errs []error
	for _, c := range d.connections {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Open subscribes and leaves a receiver running.
func (d *driver) Open(ctx context.Context, s *load.Stream) error {
	client, err := d.connections[s.Connection].NewStream(ctx,
		&grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, tickgatev1.MarketData_Stream_FullMethodName)
	if err != nil {
		return err
	}
	for _, command := range commands(s) {
		if err := client.SendMsg(command); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	d.receivers.Go(func() {
		s.Lost(receive(ctx, client, s))
	})
	return nil
}

// commands returns what a stream says first.
func commands(s *load.Stream) []*tickgatev1.ClientMessage {
	conflation := &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST}
	if interval := s.Plan.Interval; interval > 0 {
		conflation = &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, IntervalMs: interval.Milliseconds()}
	}
	var all []*tickgatev1.ClientMessage
	if bound := s.Plan.Freshness; bound > 0 {
		all = append(all, &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetFreshness{
			SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: bound.Milliseconds()},
		}})
	}
	return append(all, &tickgatev1.ClientMessage{RequestId: 1, Command: &tickgatev1.ClientMessage_Subscribe{
		Subscribe: &tickgatev1.Subscribe{Symbols: s.Symbols, Conflation: conflation, ImplySequences: true}, // a server that cannot gives them all the same
	}})
}

// receive takes messages until the stream ends; the error says why.
func receive(ctx context.Context, client grpc.ClientStream, s *load.Stream) error {
	var message []byte
	acks := newAcknowledger(client, s.Plan.Freshness)
	defer acks.stop()
	for {
		if err := client.RecvMsg(&message); err != nil {
			return err
		}
		sequence, err := s.TakeMessage(message)
		if err != nil {
			return err
		}
		if sequence == 0 {
			continue
		}
		s.Pace(ctx) // a slow application takes long over each batch, and says so when it has done with it
		acks.take(sequence)
	}
}
