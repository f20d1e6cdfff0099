package stream

import (
	"context"
	"sync"
	"time"

	"tickgate/internal/latency"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Bounds of the interval of periodic reports.
const (
	minReportInterval = time.Second
	maxReportInterval = time.Hour
)

// requestLatency sends a report now, and begins or ends periodic ones.
func (x *session) requestLatency(ctx context.Context, id uint64, m *tickgatev1.LatencyRequest) error {
	interval := milliseconds(m.GetIntervalMs())
	if interval > 0 {
		interval = min(max(interval, minReportInterval), maxReportInterval)
	}
	return x.execute(ctx, func() {
		now := x.server.now()
		own := x.recording(now)
		own.requestID, own.interval, own.next = id, max(0, interval), now.Add(interval)
		x.sendReport(now)
	})
}

// streamLatency records for one stream, from its first LatencyRequest, or its first report of its own, on. Owned by the flush worker.
type streamLatency struct {
	recorder latency.StreamRecorder
	reported *latency.Distribution // by the client; nil: nothing yet
	since    time.Time

	// The newest LatencyRequest.
	requestID uint64
	interval  time.Duration // 0: not periodic
	next      time.Time
}

// recording begins to record for this stream, if that has not begun.
func (x *session) recording(now time.Time) *streamLatency {
	if x.latency == nil {
		x.latency = &streamLatency{since: now}
	}
	return x.latency
}

func (x *session) reportPeriodically(now time.Time) {
	if own := x.latency; own != nil && own.interval > 0 && !now.Before(own.next) {
		own.next = now.Add(own.interval)
		x.sendReport(now)
	}
}

func (x *session) sendReport(now time.Time) {
	own := x.latency
	snapshot := own.recorder.Snapshot()
	if own.reported != nil {
		snapshot = snapshot.With(latency.EndToEnd, own.reported)
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_LatencyReport{LatencyReport: &tickgatev1.LatencyReport{
		RequestId: own.requestID,
		Stream:    x.server.stageMessages(snapshot, &x.worker.encoder),
		Process:   x.server.processReport(now),
		Since:     own.since.UnixNano(),
	}}})
}

// stageMessages returns one message for each stage that has values.
func (s *Server) stageMessages(snapshot *latency.Snapshot, encoder *latency.Encoder) []*tickgatev1.StageLatency {
	var messages []*tickgatev1.StageLatency
	for _, stage := range latency.Stages() {
		d := snapshot.Stage(stage)
		if d.Count() == 0 {
			continue
		}
		histogram, err := encoder.Encode(d)
		if err != nil { // the numbers are worth sending all the same
			s.log.Error("encoding a latency histogram", "stage", stage, "error", err)
		}
		summary := d.Summary()
		messages = append(messages, &tickgatev1.StageLatency{
			Stage:     tickgatev1.LatencyStage(stage),
			Count:     summary.Count,
			P50:       summary.P50,
			P90:       summary.P90,
			P99:       summary.P99,
			P999:      summary.P999,
			Max:       summary.Max,
			Clamped:   summary.Clamped,
			Histogram: histogram,
		})
	}
	return messages
}

// processReport holds the process's part of the reports, which is the same for all streams, for reportFor.
type processReport struct {
	mu      sync.Mutex
	made    time.Time                  // guarded by mu
	stages  []*tickgatev1.StageLatency // guarded by mu; immutable once made
	encoder latency.Encoder            // guarded by mu
}

const reportFor = time.Second

func (s *Server) processReport(now time.Time) []*tickgatev1.StageLatency {
	r := &s.report
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.made) >= reportFor {
		r.made, r.stages = now, s.stageMessages(s.totals.Snapshot(), &r.encoder)
	}
	return r.stages
}
