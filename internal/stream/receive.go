package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// receive serves commands until the stream ends; the error says why.
func (x *session) receive() error {
	ctx := x.face.Context()
	for {
		message, err := x.face.Receive()
		switch {
		case errors.Is(err, io.EOF): // the client says nothing more, but listens until it hangs up, or idles out
			<-ctx.Done()
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		x.lastHeard.Store(x.server.now().UnixNano())
		if err := x.take(ctx, message); err != nil {
			return err
		}
	}
}

// aside runs f, which must not wait for anybody, on a goroutine whose stack goes with it, and waits for that: handlers keep the stack that they have once needed (docs/adr/0009). Few
// run at the same time: when thousands of streams are opened at once, their handlers' stacks would else lie among as many that are not needed any more, and keep their pages.
func (s *Server) aside(f func() error) error {
	s.asides <- struct{}{}
	done := make(chan error, 1)
	go func() { done <- s.guarded(f) }()
	err := <-done
	<-s.asides
	return err
}

// guarded runs f, and makes an error of a panic: what one client has said must not end the streams of others. What streams share is changed by flush workers alone, never here.
func (s *Server) guarded(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("a panic ends a stream", "panic", cause, "stack", string(debug.Stack()))
			err = ErrInternal
		}
	}()
	return f()
}

// take serves a message. What waits is done here, what goes deep aside.
func (x *session) take(ctx context.Context, message []byte) error {
	if sequence, ok := plainAck(message); ok {
		return x.serveAck(ctx, sequence)
	}
	command := &tickgatev1.ClientMessage{}
	if err := x.server.aside(func() error { return decode(message, command) }); err != nil {
		return err
	}
	return x.serve(ctx, command)
}

func decode(message []byte, command *tickgatev1.ClientMessage) error {
	if err := proto.Unmarshal(message, command); err != nil {
		return fmt.Errorf("%w (%w)", ErrProtocol, err)
	}
	return nil
}

// Fields of ClientMessage and Ack on the wire.
const (
	fieldAck         protowire.Number = 8 // of ClientMessage
	fieldAckSequence protowire.Number = 1 // of Ack
)

// plainAck reads a message that is an Ack and nothing else, not even a request_id: it is what a client sends most, and is read without a deep stack.
func plainAck(message []byte) (sequence uint64, ok bool) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || number != fieldAck || kind != protowire.BytesType {
		return 0, false
	}
	body, m := protowire.ConsumeBytes(message[n:])
	if m < 0 || n+m != len(message) {
		return 0, false
	}
	number, kind, n = protowire.ConsumeTag(body)
	if n < 0 || number != fieldAckSequence || kind != protowire.VarintType {
		return 0, false
	}
	sequence, m = protowire.ConsumeVarint(body[n:])
	return sequence, m > 0 && n+m == len(body)
}

func (x *session) serveAck(ctx context.Context, sequence uint64) error {
	x.server.stats.commands[commandAck].Add(1)
	if err := x.admit(ctx, commandAck); err != nil {
		return err
	}
	x.acknowledge(sequence)
	return nil
}
