package websocket

import (
	"errors"
	"unicode/utf8"

	"github.com/coder/websocket"
	"google.golang.org/grpc/codes"

	"tickgate/internal/stream"
)

var (
	errFrameKind   = errors.New("the frame is of the wrong kind: tickgate.v1.proto takes binary frames, tickgate.v1.json text frames")
	errFraming     = errors.New("the frames are not those of a WebSocket client (RFC 6455): check masking, opcodes and fragments")
	errControlRate = errors.New("pings come too fast: one a second is enough")
	errOrigin      = errors.New("pages of this origin may not connect: add it to the gateway's setting web-origins")
	errSubprotocol = errors.New("no subprotocol in common: offer tickgate.v1.proto or tickgate.v1.json")
)

// statusTimeout is a code of our own, for what gRPC calls DEADLINE_EXCEEDED.
const statusTimeout websocket.StatusCode = 4008

// byError and byCode are the table of close codes: the first row that matches counts. What ends a session, and with which gRPC code, is the stream's table.
var byError = []struct {
	err  error
	code websocket.StatusCode
}{
	{errFrameKind, websocket.StatusUnsupportedData},
	{errFraming, websocket.StatusProtocolError},
	{errControlRate, websocket.StatusTryAgainLater},
	{stream.ErrMessageSize, websocket.StatusMessageTooBig},
	{errOrigin, websocket.StatusPolicyViolation},
	{errSubprotocol, websocket.StatusProtocolError},
}

var byCode = map[codes.Code]websocket.StatusCode{
	codes.OK:                websocket.StatusNormalClosure,
	codes.Canceled:          websocket.StatusNormalClosure,
	codes.InvalidArgument:   websocket.StatusInvalidFramePayloadData,
	codes.DeadlineExceeded:  statusTimeout,
	codes.Unauthenticated:   websocket.StatusPolicyViolation,
	codes.PermissionDenied:  websocket.StatusPolicyViolation,
	codes.ResourceExhausted: websocket.StatusTryAgainLater,
	codes.Unavailable:       websocket.StatusGoingAway,
}

// closing returns what the client is told at the end.
func closing(err error) (code websocket.StatusCode, reason string) {
	if err == nil {
		return websocket.StatusNormalClosure, ""
	}
	for _, row := range byError {
		if errors.Is(err, row.err) {
			return row.code, clip(row.err.Error())
		}
	}
	if code, ok := byCode[stream.CodeOf(err)]; ok {
		return code, clip(err.Error())
	}
	return websocket.StatusInternalError, clip(err.Error())
}

// clip cuts a text to what a close frame holds.
func clip(text string) string {
	const most = 123
	if len(text) <= most {
		return text
	}
	end := most
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
