package client

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	protobuf "google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// received is a ServerMessage as it came. Its memory is used for the next one.
type received struct{ bytes []byte }

// message decodes it.
func (r *received) message() (*tickgatev1.ServerMessage, error) {
	m := &tickgatev1.ServerMessage{}
	if err := protobuf.Unmarshal(r.bytes, m); err != nil {
		return nil, fmt.Errorf("client: the gateway's message cannot be read: %w", err)
	}
	return m, nil
}

// codec hands received messages through as they are, and leaves all else to the usual protobuf codec.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*received)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	size := data.Len()
	if cap(r.bytes) < size {
		r.bytes = make([]byte, size+size/2)
	}
	r.bytes = r.bytes[:size]
	data.CopyTo(r.bytes)
	return nil
}

// Name implements encoding.CodecV2.
func (c codec) Name() string { return proto.Name }
