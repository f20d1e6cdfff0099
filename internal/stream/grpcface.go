package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tickgate/pkg/subscription"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// grpcFace is the Face of a gRPC stream.
//
// A stream's handler waits for commands nearly all of its life, and gRPC keeps its goroutine for as long as the stream lives. So what counts is how deep its stack is while it waits, and
// how deep it ever was: a stack that has once been over 4 KB stays at 8 KB. The handler therefore reads the transport's stream itself instead of calling
// RecvMsg. docs/adr/0009 has the figures.
type grpcFace struct {
	// Immutable.
	server *Server
	call   grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]
	below  transportStream
	conn   *connection

	// Owned by the handler.
	header [headerBytes]byte // of the message that is being received
}

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

// newGRPCFace returns the face of a call, which is answered without compression: compressed messages would be copies, which tell nobody when they have left.
func newGRPCFace(s *Server, call grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]) (*grpcFace, error) {
	ctx := call.Context()
	if err := grpc.SetSendCompressor(ctx, encoding.Identity); err != nil {
		return nil, err
	}
	return &grpcFace{
		server: s, call: call, below: grpc.ServerTransportStreamFromContext(ctx).(transportStream), conn: connectionOf(ctx),
	}, nil
}

// Context implements Face.
func (f *grpcFace) Context() context.Context { return f.call.Context() }

// Group implements Face.
func (f *grpcFace) Group() *subscription.Conn { return f.conn.group }

// ClientID implements Face.
func (f *grpcFace) ClientID() string {
	if given := metadata.ValueFromIncomingContext(f.Context(), ClientIDKey); len(given) > 0 {
		return given[0]
	}
	return ""
}

// Send implements Face.
func (f *grpcFace) Send(frame *Frame) error { return f.call.SendMsg(frame) }

// End implements Face.
func (f *grpcFace) End(err error) {
	_ = f.below.WriteStatus(status.Convert(StatusOf(err))) // fails if the stream is over already
}

// Disconnect implements Face.
func (f *grpcFace) Disconnect() { f.conn.closeAtOnce() }

// Remote implements Face.
func (f *grpcFace) Remote() string { return f.conn.raw.RemoteAddr().String() }

// Receive implements Face.
func (f *grpcFace) Receive() ([]byte, error) {
	switch err := f.below.ReadMessageHeader(f.header[:]); {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, receiveError(err)
	}
	message, err := f.readMessage()
	if err != nil || f.header[0] == headerPlain {
		return message, err
	}
	err = f.server.aside(func() (err error) {
		message, err = f.decompress(message)
		return err
	})
	return message, err
}

// readMessage reads the message whose header was read.
func (f *grpcFace) readMessage() ([]byte, error) {
	length := binary.BigEndian.Uint32(f.header[1:])
	if int64(length) > int64(f.server.config.MaxMessageBytes) {
		return nil, ErrMessageSize
	}
	data, err := f.below.Read(int(length))
	if err != nil {
		return nil, receiveError(err)
	}
	message := make([]byte, data.Len())
	data.CopyTo(message)
	data.Free()
	return message, nil
}

// decompress undoes the client's compression, as far as a message may be long. gRPC has refused a client whose compression it does not have.
func (f *grpcFace) decompress(message []byte) ([]byte, error) {
	compressor := encoding.GetCompressor(f.below.RecvCompress())
	if f.header[0] != headerPressed || compressor == nil {
		return nil, ErrProtocol
	}
	plain, err := compressor.Decompress(mem.BufferSlice{mem.SliceBuffer(message)}.Reader())
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrProtocol, err)
	}
	most := int64(f.server.config.MaxMessageBytes)
	message, err = io.ReadAll(io.LimitReader(plain, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrProtocol, err)
	case int64(len(message)) > most:
		return nil, ErrMessageSize
	}
	return message, nil
}

// receiveError says what a failed read means.
func receiveError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // half a message
		return ErrProtocol
	}
	return callError(err)
}
