package stream

import (
	"context"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/latency"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// heartbeat answers a client's heartbeat, and takes the latency that it may report.
func (x *session) heartbeat(ctx context.Context, id uint64, m *tickgatev1.ClientHeartbeat) error {
	var reported *latency.Distribution
	var refused error
	if encoded := m.GetEndToEnd().GetHistogram(); len(encoded) > 0 {
		reported, refused = latency.Decode(encoded)
	}
	return x.execute(ctx, func() {
		switch {
		case refused != nil:
			x.notify(tickgatev1.NoticeKind_NOTICE_KIND_REPORT_REFUSED, 0, refused.Error())
		case reported != nil:
			x.takeReported(reported)
		}
		x.sendHeartbeat(id, proto.Int64(m.GetClientTime()))
	})
}

// sendHeartbeat sends a sign of life; echo is nil unless it answers one.
func (x *session) sendHeartbeat(id uint64, echo *int64) {
	beat := &tickgatev1.Heartbeat{RequestId: id, Echo: echo, TsSend: x.server.now().UnixNano()}
	if age, ok := x.server.feed.Age(); ok {
		beat.FeedAge = proto.Int64(age.Nanoseconds())
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Heartbeat{Heartbeat: beat}})
}
