package websocket

import (
	"context"
	"net"
)

// ToJSON translates an encoded ServerMessage.
func ToJSON(memory *[]byte, message []byte) ([]byte, error) { return toJSON(memory, message) }

// RawOf returns the connection that ConnContext has kept.
func RawOf(ctx context.Context) net.Conn {
	raw, _ := ctx.Value(connKey{}).(net.Conn)
	return raw
}

// BreakJSON changes how messages in JSON are read and written until restore is called. No gateway may run when it is called, nor at restore.
func BreakJSON(decode func([]byte) ([]byte, error), encode func(*[]byte, []byte) ([]byte, error)) (restore func()) {
	before := *encodings[SubprotocolJSON]
	if decode != nil {
		encodings[SubprotocolJSON].decode = decode
	}
	if encode != nil {
		encodings[SubprotocolJSON].encode = encode
	}
	return func() { *encodings[SubprotocolJSON] = before }
}
