package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	webface "tickgate/internal/websocket"
)

// WebSocket reaches the gateway's second face as if it were gRPC, so that a Stream, and every test that is made of one, runs over either.
type WebSocket struct {
	url         string
	subprotocol string
}

var _ grpc.ClientConnInterface = (*WebSocket)(nil)

// DialWebSocket returns a way to open streams as WebSockets of a subprotocol.
func (g *Gateway) DialWebSocket(_ testing.TB, subprotocol string) *WebSocket {
	return &WebSocket{url: "ws://" + g.Addresses().Web + "/v1/stream", subprotocol: subprotocol}
}

// errUnary says that only streams go over WebSockets.
var errUnary = errors.New("gatewaytest: no unary calls over a WebSocket")

// Invoke implements grpc.ClientConnInterface.
func (w *WebSocket) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return errUnary
}

// NewStream implements grpc.ClientConnInterface.
func (w *WebSocket) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, response, err := websocket.Dial(ctx, w.url, &websocket.DialOptions{Subprotocols: []string{w.subprotocol}})
	if err != nil {
		return nil, fmt.Errorf("gatewaytest: %w", err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	conn.SetReadLimit(-1)
	return &webStream{ctx: ctx, conn: conn, json: w.subprotocol == webface.SubprotocolJSON}, nil
}

// webStream is one WebSocket.
type webStream struct {
	ctx  context.Context
	conn *websocket.Conn
	json bool
}

// Context implements grpc.ClientStream.
func (s *webStream) Context() context.Context { return s.ctx }

// Header implements grpc.ClientStream.
func (s *webStream) Header() (metadata.MD, error) { return nil, nil }

// Trailer implements grpc.ClientStream.
func (s *webStream) Trailer() metadata.MD { return nil }

// CloseSend implements grpc.ClientStream. A WebSocket has no half that closes, so it closes it all.
func (s *webStream) CloseSend() error { return s.conn.Close(websocket.StatusNormalClosure, "") }

// SendMsg implements grpc.ClientStream.
func (s *webStream) SendMsg(m any) error {
	kind, marshal := websocket.MessageBinary, proto.Marshal
	if s.json {
		kind, marshal = websocket.MessageText, protojson.Marshal
	}
	frame, err := marshal(m.(proto.Message))
	if err != nil {
		return err
	}
	return s.conn.Write(s.ctx, kind, frame)
}

// RecvMsg implements grpc.ClientStream.
func (s *webStream) RecvMsg(m any) error {
	_, frame, err := s.conn.Read(s.ctx)
	if err != nil {
		return err
	}
	if s.json {
		return protojson.Unmarshal(frame, m.(proto.Message))
	}
	return proto.Unmarshal(frame, m.(proto.Message))
}
