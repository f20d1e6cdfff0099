package client

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// replayCall is a playback's stream to one gateway, on a connection of its own.
type replayCall struct {
	conn   *grpc.ClientConn
	stream tickgatev1.MarketData_ReplayClient
	cancel context.CancelFunc
}

func (c *Client) callReplay(ctx context.Context, address string) (*replayCall, error) {
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithStaticStreamWindowSize(64 << 10), // what is not taken yet should be with the gateway, where a pause can hold it back
	}, c.options.dial...)
	conn, err := grpc.NewClient("passthrough:///"+address, dial...)
	if err != nil {
		return nil, fmt.Errorf("client: %s: %w", address, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	if c.options.name != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "client-id", c.options.name)
	}
	call := &replayCall{conn: conn, cancel: cancel}
	if call.stream, err = tickgatev1.NewMarketDataClient(conn).Replay(ctx, grpc.ForceCodecV2(newCodec())); err != nil {
		call.end()
		return nil, err
	}
	return call, nil
}

// end ends the stream. It may be called from anywhere, and again.
func (x *replayCall) end() {
	x.cancel()
	_ = x.conn.Close()
}

// send sends a command; one at a time.
func (x *replayCall) send(m *tickgatev1.ReplayCommand) error {
	if err := x.stream.Send(m); err != nil && !errors.Is(err, io.EOF) { // which means that receiving says why
		return err
	}
	return nil
}

// open opens the playback, and returns the answer.
func (x *replayCall) open(o *tickgatev1.ReplayOpen) (*tickgatev1.ReplayEvent, error) {
	if err := x.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Open{Open: o}}); err != nil {
		return nil, err
	}
	m, err := x.message()
	switch {
	case err != nil:
		return nil, err
	case m.GetRefused() != nil:
		return nil, replayRefused(m.GetRefused())
	}
	return m, nil
}

// seek goes to a time, and returns when what comes is from there on.
func (x *replayCall) seek(at int64) error {
	const id = 1 // no other command is under way
	m := seekTo(at)
	m.RequestId = id
	if err := x.send(m); err != nil {
		return err
	}
	for {
		m, err := x.message()
		switch {
		case err != nil:
			return err
		case m.GetRefused() != nil:
			return replayRefused(m.GetRefused())
		case m.GetState().GetRequestId() == id:
			return nil
		}
	}
}

// message receives a message whole.
func (x *replayCall) message() (*tickgatev1.ReplayEvent, error) {
	m := &tickgatev1.ReplayEvent{}
	if err := x.stream.RecvMsg(m); err != nil {
		return nil, err
	}
	return m, nil
}
