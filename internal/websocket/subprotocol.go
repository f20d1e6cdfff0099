package websocket

import (
	"fmt"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

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
	encode func(message []byte) ([]byte, error) // what it returns may be message itself
}

var encodings = map[string]*encoding{
	SubprotocolProto: {frames: websocket.MessageBinary, decode: unchanged, encode: unchanged},
	SubprotocolJSON:  {frames: websocket.MessageText, decode: fromJSON, encode: toJSON},
}

func unchanged(message []byte) ([]byte, error) { return message, nil }

func fromJSON(frame []byte) ([]byte, error) {
	var message tickgatev1.ClientMessage
	if err := protojson.Unmarshal(frame, &message); err != nil {
		return nil, fmt.Errorf("%w (%w)", stream.ErrProtocol, err)
	}
	return proto.Marshal(&message)
}

func toJSON(encoded []byte) ([]byte, error) {
	var message tickgatev1.ServerMessage
	if err := proto.Unmarshal(encoded, &message); err != nil {
		return nil, err
	}
	return protojson.Marshal(&message)
}
