package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// A stream's handler waits for commands nearly all of its life, and gRPC keeps its goroutine for as long as the stream lives. So what counts is how deep its stack is while it waits, and
// how deep it ever was: a stack that has once been over 4 KB stays at 8 KB. The handler therefore reads the transport's stream itself instead of calling
// RecvMsg, and gives every command but the plainest to a goroutine that ends with it. docs/adr/0009 has the figures.

// transportStream is gRPC's own stream below a call. gRPC does not document these methods.
type transportStream interface {
	// WriteStatus ends the stream while its handler receives: the receive returns, and what the handler returns is of no account any more. The ways that
	// gRPC documents cost more, or say the wrong thing: a second goroutine for every stream, or a cancelled context, which gRPC turns into CANCELED before the
	// handler knows of it.
	WriteStatus(*status.Status) error
	// ReadMessageHeader fills header from the next message, and returns io.EOF when the client has said that there is none.
	ReadMessageHeader(header []byte) error
	// Read returns the next n bytes.
	Read(n int) (mem.BufferSlice, error)
	// RecvCompress names the client's compression, "" or "identity" for none.
	RecvCompress() string
}

// Header of a message in the gRPC protocol: whether it is compressed, and its length.
const (
	headerBytes   = 5
	headerPlain   = 0
	headerPressed = 1
)

// receive serves commands until the stream ends; the error says why.
func (x *session) receive() error {
	ctx := x.transport.Context()
	for {
		err := x.below.ReadMessageHeader(x.header[:])
		switch {
		case errors.Is(err, io.EOF): // the client says nothing more, but listens until it hangs up, or idles out
			<-ctx.Done()
			return context.Cause(ctx)
		case err != nil:
			return receiveError(err)
		}
		message, err := x.readMessage()
		if err != nil {
			return err
		}
		x.lastHeard.Store(x.server.now().UnixNano())
		if err := x.take(ctx, message); err != nil {
			return err
		}
	}
}

// aside runs f, which must not wait for anybody, on a goroutine whose stack goes with it, and waits for that. Few run at the same time: when thousands of streams are
// opened at once, their handlers' stacks would else lie among as many that are not needed any more, and keep their pages.
func (s *Server) aside(f func() error) error {
	s.asides <- struct{}{}
	done := make(chan error, 1)
	go func() { done <- f() }()
	err := <-done
	<-s.asides
	return err
}

// take serves a message. What waits is done here, what goes deep aside.
func (x *session) take(ctx context.Context, message []byte) error {
	if sequence, ok := plainAck(message); ok && x.header[0] == headerPlain {
		return x.serveAck(ctx, sequence)
	}
	command := &tickgatev1.ClientMessage{}
	if err := x.server.aside(func() error { return x.decode(message, command) }); err != nil {
		return err
	}
	return x.serve(ctx, command)
}

// readMessage reads the message whose header was read.
func (x *session) readMessage() ([]byte, error) {
	length := binary.BigEndian.Uint32(x.header[1:])
	if int64(length) > int64(x.server.config.MaxMessageBytes) {
		return nil, ErrMessageSize
	}
	data, err := x.below.Read(int(length))
	if err != nil {
		return nil, receiveError(err)
	}
	message := make([]byte, data.Len())
	data.CopyTo(message)
	data.Free()
	return message, nil
}

// decode decodes a message, and undoes its compression.
func (x *session) decode(message []byte, command *tickgatev1.ClientMessage) error {
	switch x.header[0] {
	case headerPlain:
	case headerPressed:
		var err error
		if message, err = x.decompress(message); err != nil {
			return err
		}
	default:
		return ErrProtocol
	}
	if err := proto.Unmarshal(message, command); err != nil {
		return fmt.Errorf("%w (%w)", ErrProtocol, err)
	}
	return nil
}

// decompress undoes the client's compression, as far as a message may be long. gRPC has refused a client whose compression it does not have.
func (x *session) decompress(message []byte) ([]byte, error) {
	compressor := encoding.GetCompressor(x.below.RecvCompress())
	if compressor == nil {
		return nil, ErrProtocol
	}
	plain, err := compressor.Decompress(mem.BufferSlice{mem.SliceBuffer(message)}.Reader())
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrProtocol, err)
	}
	most := int64(x.server.config.MaxMessageBytes)
	message, err = io.ReadAll(io.LimitReader(plain, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrProtocol, err)
	case int64(len(message)) > most:
		return nil, ErrMessageSize
	}
	return message, nil
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

// receiveError says what a failed read means.
func receiveError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // half a message
		return ErrProtocol
	}
	return callError(err)
}
