package stream

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// Frame is one encoded ServerMessage on its way out. It is handed to a Face, which calls Left when
// the last byte has been copied out to the connection, or the message has been thrown away with the stream. That moment is the sent time, and
// frees the session for its next batch. To gRPC it is a buffer whose pool is the frame itself, so that gRPC's writer makes that call.
//
// Ownership: the flush worker, until Face.Send; the face, until Left; the flush worker again, once sent is set.
type Frame struct {
	session *session
	buf     []byte // the memory; at least minFrameBytes, or gRPC would copy it and never call Put
	message []byte // the encoded message, within buf
	// received holds ts_recv of each update in the message, for the latency histograms.
	received []int64
	handed   time.Time
	sent     atomic.Int64 // when it left, UTC nanoseconds, set by Left; 0: it has not left
}

// weight is what the frame counts for among what is in flight: its memory, of which a short message takes as much as a middling one.
func (f *Frame) weight() int { return max(len(f.message), minFrameBytes) }

// Sizes of frames: the least is a size of the allocator above the 1 KiB up to which gRPC copies. Those that grew larger are left to the garbage collector, so that one large answer does not stay with a stream for good.
const (
	minFrameBytes  = 1152
	maxPooledBytes = 64 << 10
)

// Get and Put implement mem.BufferPool; gRPC calls only Put.
func (f *Frame) Get(int) *[]byte { panic("stream: a frame gives no buffers") }

// Put implements mem.BufferPool.
func (f *Frame) Put(*[]byte) { f.Left() }

// Message returns the encoded ServerMessage, which is good until Left is called.
func (f *Frame) Message() []byte { return f.message }

// Left says that the last byte has left, or never will. The face calls it once, from any goroutine.
func (f *Frame) Left() {
	session, weight := f.session, f.weight()
	f.sent.Store(session.server.now().UnixNano()) // from here on the frame is the worker's
	session.subscriptions.Left(weight)
}

// Encoded implements Encoded.
func (f *Frame) Encoded() mem.BufferSlice { return mem.BufferSlice{mem.NewBuffer(&f.message, f)} }

// Encoded is a message that is encoded already.
type Encoded interface {
	// Encoded returns the message, which is gRPC's until it frees it.
	Encoded() mem.BufferSlice
}

// codec hands through what is encoded as it is, and leaves all else to the usual protobuf codec.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if e, ok := v.(Encoded); ok {
		return e.Encoded(), nil
	}
	return c.CodecV2.Marshal(v)
}

// Name implements encoding.CodecV2.
func (c codec) Name() string { return proto.Name }
