package websocket

import (
	"errors"
	"strings"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"tickgate/internal/stream"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// The subprotocols.
const (
	SubprotocolProto = "tickgate.v1.proto"
	SubprotocolJSON  = "tickgate.v1.json"
)

// encoding is how messages look on one WebSocket. Sessions speak protobuf; JSON is translated here, at the edge.
type encoding struct {
	frames websocket.MessageType
	decode func(frame []byte) ([]byte, error)
	// encode returns message in this encoding: message itself, or what it has written to memory, which is good until it is called with that again.
	encode func(memory *[]byte, message []byte) ([]byte, error)
}

var encodings = map[string]*encoding{
	SubprotocolProto: {frames: websocket.MessageBinary, decode: unchanged, encode: asItIs},
	SubprotocolJSON:  {frames: websocket.MessageText, decode: fromJSON, encode: toJSON},
}

func unchanged(message []byte) ([]byte, error) { return message, nil }

func asItIs(_ *[]byte, message []byte) ([]byte, error) { return message, nil }

// malformedError says what is wrong with a message in JSON.
type malformedError struct{ detail string }

// Error implements error. What the client's developer looks for stands first: a close frame has room for little more.
func (e *malformedError) Error() string { return "not a ClientMessage: " + e.detail }

// Unwrap implements error.
func (e *malformedError) Unwrap() error { return stream.ErrProtocol }

func fromJSON(frame []byte) ([]byte, error) {
	var message tickgatev1.ClientMessage
	if err := protojson.Unmarshal(frame, &message); err != nil {
		detail := strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0") // protojson chooses one of the two spaces at random
		return nil, &malformedError{detail: clip(strings.ToValidUTF8(detail, "?"))}
	}
	if subscribe := message.GetSubscribe(); subscribe != nil {
		subscribe.ImplySequences = false // JSON is read by eye, and is not short anyway
	}
	return proto.Marshal(&message)
}

var serverMessageJSON = newJSONType((*tickgatev1.ServerMessage)(nil).ProtoReflect().Descriptor(), make(map[protoreflect.FullName]*jsonType))

// errEncode says that a message of ours could not be translated: a fault of the gateway.
var errEncode = errors.New("a message could not be translated to JSON")

// maxKeptBytes is the most memory that a client keeps between two messages, so that one large answer does not stay for good.
const maxKeptBytes = 64 << 10

func toJSON(memory *[]byte, message []byte) ([]byte, error) {
	encoded, ok := serverMessageJSON.appendJSON((*memory)[:0], message)
	if !ok {
		return nil, errEncode
	}
	if cap(encoded) <= maxKeptBytes {
		*memory = encoded
	}
	return encoded, nil
}
