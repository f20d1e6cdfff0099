package stream

import (
	"context"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/latency"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// heartbeat answers a client's heartbeat, and takes the latency that it may report.
func (x *session) heartbeat(ctx context.Context, id uint64, m *tickgatev1.ClientHeartbeat) error {
	var refused error
	if encoded := m.GetEndToEnd().GetHistogram(); len(encoded) > 0 {
		refused = x.takeReported(encoded)
	}
	return x.execute(ctx, func() {
		if refused != nil {
			x.notify(tickgatev1.NoticeKind_NOTICE_KIND_REPORT_REFUSED, 0, refused.Error())
		}
		if x.reported != nil { // the handler waits for this function
			x.recording(x.server.now()).reported = x.reported
		}
		x.sendHeartbeat(id, proto.Int64(m.GetClientTime()))
	})
}

// takeReported decodes what the client measured itself, and adds what is new of it to the process's totals. All of it is the handler's
// work: a large report takes milliseconds.
func (x *session) takeReported(encoded []byte) error {
	reported, err := latency.Decode(encoded)
	if err != nil {
		return err
	}
	x.server.totals.Merge(latency.EndToEnd, reported.Since(x.reported))
	x.reported = reported
	return nil
}

// sendHeartbeat sends a sign of life; echo is nil unless it answers one.
func (x *session) sendHeartbeat(id uint64, echo *int64) {
	beat := &tickgatev1.Heartbeat{RequestId: id, Echo: echo, TsSend: x.server.now().UnixNano(), IntervalMs: x.server.beatMillis()}
	if age, ok := x.server.feed.Age(); ok {
		beat.FeedAge = proto.Int64(age.Nanoseconds())
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Heartbeat{Heartbeat: beat}})
}

// beatMillis is what clients may rely on: twice this is more than the longest silence. Workers look at the interval at every housekeeping, so a silence may be longer by one.
func (s *Server) beatMillis() uint32 {
	every := max(s.config.HeartbeatInterval, 2*s.hub.Housekeeping())
	return uint32(min((every+time.Millisecond-1)/time.Millisecond, math.MaxUint32))
}
