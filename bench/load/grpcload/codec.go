package grpcload

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// codec hands received bytes through, so that a batch costs no more to receive than the figures need. It is named as the usual one is: on the
// wire there is no difference.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Name is the content subtype.
func (codec) Name() string { return "proto" }

// Marshal encodes a command.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("grpcload: cannot send a %T", v)
	}
	b, err := proto.Marshal(message)
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

// Unmarshal keeps the message's bytes: one copy into a buffer that the stream uses again and again.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	to, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("grpcload: cannot receive into a %T", v)
	}
	if n := data.Len(); cap(*to) < n {
		*to = make([]byte, n+n/2)
	}
	*to = (*to)[:data.Len()]
	data.CopyTo(*to)
	return nil
}
