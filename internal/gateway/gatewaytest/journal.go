package gatewaytest

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// journal has the streams of an SDK's client written down as the history checker reads it. A log has one stream after the other; one that begins before the last one has ended, as when the client moves
// from one gateway to another, begins a log of its own.
type journal struct {
	// mu guards the fields below.
	mu      sync.Mutex
	logs    []*history.ClientLog
	open    []int // streams by log that have not ended
	streams int
}

func (j *journal) begin() (log *history.ClientLog, end func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := len(j.logs) - 1
	if last < 0 || j.open[last] > 0 {
		j.logs, j.open = append(j.logs, history.NewClientLog()), append(j.open, 0)
		last++
	}
	j.streams++
	j.open[last]++
	j.logs[last].StreamStarted()
	return j.logs[last], func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.open[last]--
	}
}

// option has a client's streams written down.
func (j *journal) option() client.Option {
	return client.WithGRPC(grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		if method != tickgatev1.MarketData_Stream_FullMethodName {
			return streamer(ctx, desc, conn, method, opts...)
		}
		seen := &seeingCodec{}
		for i, o := range opts {
			if forced, ok := o.(grpc.ForceCodecV2CallOption); ok {
				seen.CodecV2 = forced.CodecV2
				opts[i] = grpc.ForceCodecV2(seen)
			}
		}
		stream, err := streamer(ctx, desc, conn, method, opts...)
		if err != nil {
			return nil, err
		}
		log, end := j.begin()
		return &loggedStream{ClientStream: stream, log: log, end: end, seen: seen}, nil
	}))
}

// seeingCodec keeps what it decodes, since the client decodes into what only it can read. It belongs to whoever receives.
type seeingCodec struct {
	encoding.CodecV2
	last []byte
}

// Unmarshal implements encoding.CodecV2.
func (c *seeingCodec) Unmarshal(data mem.BufferSlice, v any) error {
	c.last = data.Materialize()
	return c.CodecV2.Unmarshal(data, v)
}

type loggedStream struct {
	grpc.ClientStream
	log  *history.ClientLog
	end  func() // nil: it was called
	seen *seeingCodec
}

// SendMsg logs what is sent before it is.
func (s *loggedStream) SendMsg(m any) error {
	s.log.Sent(m.(*tickgatev1.ClientMessage))
	return s.ClientStream.SendMsg(m)
}

// RecvMsg logs what was received, and once how the stream ended.
func (s *loggedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case err == nil:
		message := &tickgatev1.ServerMessage{}
		if err := proto.Unmarshal(s.seen.last, message); err != nil {
			return err
		}
		s.log.Received(message, time.Now())
	case s.end != nil:
		if errors.Is(err, io.EOF) {
			s.log.StreamEnded(nil, time.Now())
		} else {
			s.log.StreamEnded(err, time.Now())
		}
		s.end()
		s.end = nil
	}
	return err
}
