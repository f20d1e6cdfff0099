package stream_test

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"tickgate/internal/latency"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const (
	venueToGateway = tickgatev1.LatencyStage_LATENCY_STAGE_VENUE_TO_GATEWAY
	gatewayStage   = tickgatev1.LatencyStage_LATENCY_STAGE_GATEWAY
	endToEnd       = tickgatev1.LatencyStage_LATENCY_STAGE_END_TO_END
)

func stage(stages []*tickgatev1.StageLatency, want tickgatev1.LatencyStage) *tickgatev1.StageLatency {
	for _, s := range stages {
		if s.GetStage() == want {
			return s
		}
	}
	return nil
}

// checkHistogram reads the histogram with the public library and compares it with the numbers beside it.
func checkHistogram(t *testing.T, s *tickgatev1.StageLatency) {
	t.Helper()
	h, err := hdrhistogram.Decode([]byte(base64.StdEncoding.EncodeToString(s.GetHistogram())))
	if err != nil {
		t.Fatalf("%v: %v", s.GetStage(), err)
	}
	if uint64(h.TotalCount()) != s.GetCount() || !slices.IsSorted([]uint64{s.GetP50(), s.GetP90(), s.GetP99(), s.GetP999(), s.GetMax()}) {
		t.Errorf("the histogram has %d values, beside %v", h.TotalCount(), s)
	}
	if median := uint64(h.ValueAtQuantile(50)); median < s.GetP50() || median > s.GetP50()+s.GetP50()/50+1 {
		t.Errorf("the histogram's median is %d, beside %d", median, s.GetP50())
	}
}

// reportWith asks for reports until one satisfies the condition: what a batch took is known only when it has left.
func (c *client) reportWith(what string, condition func(*tickgatev1.LatencyReport) bool) *tickgatev1.LatencyReport {
	c.t.Helper()
	var report *tickgatev1.LatencyReport
	waitFor(c.t, what, func() bool {
		c.nextID++
		c.send(requestLatency(c.nextID, 0))
		report = c.answer().GetLatencyReport()
		if report.GetRequestId() != c.nextID {
			c.t.Fatalf("got %v, want the report of request %d", report, c.nextID)
		}
		return condition(report)
	})
	return report
}

func TestLatencyReportCountsTheUpdatesDelivered(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	c, other := g.open(), g.open()
	other.subscribe(1, "A")
	other.answer()
	began := time.Now().UnixNano()
	if first := c.reportWith("a report", func(*tickgatev1.LatencyReport) bool { return true }); len(first.GetStream()) != 0 || first.GetSince() < began {
		t.Fatalf("got %v, want nothing of the stream", first)
	}
	c.subscribe(1, "A")
	c.answer()
	const updates = 25
	for price := range int64(updates) {
		m.quote(price)
		c.until("the update", func(m *tickgatev1.ServerMessage) bool { return m.GetBatch() != nil })
	}
	report := c.reportWith("all of them", func(r *tickgatev1.LatencyReport) bool {
		return stage(r.GetStream(), gatewayStage).GetCount() == updates && stage(r.GetProcess(), gatewayStage).GetCount() >= updates
	})
	if venue := stage(report.GetStream(), venueToGateway); venue.GetCount() != updates || venue.GetClamped() != 0 {
		t.Errorf("venue to gateway: %v", venue)
	}
	if stage(report.GetStream(), endToEnd) != nil {
		t.Error("end to end without a report of the client")
	}
	for _, s := range append(report.GetStream(), report.GetProcess()...) {
		checkHistogram(t, s)
	}
}

// TestClocksThatDisagree: a venue's clock that is ahead is counted, and not as a latency of centuries.
func TestClocksThatDisagree(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	c := g.open()
	c.send(requestLatency(1, 0))
	c.answer()
	c.subscribe(2, "A")
	c.answer()
	for _, ahead := range []time.Duration{time.Hour, -time.Hour, time.Minute / 1000} {
		m.publish(tick.Event{Kind: tick.KindQuote, TsEvent: tick.Time(time.Now().Add(ahead).UnixNano()), Quote: tick.Quote{BidPrice: tick.Some(1)}})
		c.until("the update", func(m *tickgatev1.ServerMessage) bool { return m.GetBatch() != nil })
	}
	report := c.reportWith("a report", func(*tickgatev1.LatencyReport) bool { return true })
	venue := stage(report.GetStream(), venueToGateway)
	if venue.GetCount() != 3 || venue.GetClamped() != 3 || venue.GetMax() != 60_000_000 || venue.GetP50() != 0 {
		t.Errorf("got %v, want three clamped", venue)
	}
	checkHistogram(t, venue)
}

func TestPeriodicLatencyReports(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	g.market("A").quote(1)
	c := g.open()
	c.subscribe(1, "A")
	began := time.Now()
	c.send(requestLatency(77, 1)) // clamped to a second
	isReport := func(m *tickgatev1.ServerMessage) bool { return m.GetLatencyReport() != nil }
	for i := range 2 {
		if id := c.until("a report", isReport).GetLatencyReport().GetRequestId(); id != 77 {
			t.Errorf("report %d is of request %d", i, id)
		}
	}
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("two reports in %v, they should be a second apart", took)
	}
	c.send(requestLatency(78, 0)) // the last
	c.until("the answer", func(m *tickgatev1.ServerMessage) bool { return m.GetLatencyReport().GetRequestId() == 78 })
	beats := time.NewTicker(100 * time.Millisecond)
	defer beats.Stop()
	for id := range uint64(12) {
		<-beats.C
		c.send(heartbeat(id))
		if m := c.receive(); isReport(m) {
			t.Fatal("a periodic report after the last one")
		}
	}
}

func TestReportedLatency(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	var measured latency.StreamRecorder
	var encoder latency.Encoder
	for round := uint64(1); round <= 3; round++ { // the client's counts are cumulative; the process adds what is new
		measured.Record(latency.EndToEnd, 5_000_000)
		encoded, err := encoder.Encode(measured.Snapshot().Stage(latency.EndToEnd))
		if err != nil {
			t.Fatal(err)
		}
		c.send(reporting(round, encoded))
		if id := c.receive().GetHeartbeat().GetRequestId(); id != round {
			t.Fatalf("answer %d instead of %d", id, round)
		}
	}
	report := c.reportWith("the process's part", func(r *tickgatev1.LatencyReport) bool { return stage(r.GetProcess(), endToEnd).GetCount() >= 3 })
	for _, s := range []*tickgatev1.StageLatency{stage(report.GetStream(), endToEnd), stage(report.GetProcess(), endToEnd)} {
		if s.GetCount() != 3 || s.GetP50() < 4_900 || s.GetP50() > 5_100 {
			t.Errorf("got %v, want three values of 5 ms", s)
		}
		checkHistogram(t, s)
	}
}

// TestHostileHistograms: each is answered with a notice and the heartbeat, and nothing is taken from it.
func TestHostileHistograms(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	for i, histogram := range [][]byte{
		[]byte("no histogram"),
		make([]byte, 64<<10+1),
		{0x1c, 0x84, 0x93, 0x14, 0, 0, 0, 4, 0x78, 0x9c, 3, 0},
		{0x1c, 0x84, 0x93, 0x14, 0xff, 0xff, 0xff, 0xff},
		[]byte("\xff\xfe\x00\x1b[2J"),
	} {
		c.send(reporting(uint64(i), histogram))
		if kind := c.receive().GetNotice().GetKind(); kind != tickgatev1.NoticeKind_NOTICE_KIND_REPORT_REFUSED {
			t.Fatalf("histogram %d: got %v, want it refused", i, kind)
		}
		if beat := c.receive().GetHeartbeat(); beat.GetRequestId() != uint64(i) || beat.Echo == nil {
			t.Fatalf("histogram %d: got %v, want the answer", i, beat)
		}
	}
	if report := c.reportWith("a report", func(*tickgatev1.LatencyReport) bool { return true }); stage(report.GetStream(), endToEnd) != nil {
		t.Error("something was taken")
	}
}
