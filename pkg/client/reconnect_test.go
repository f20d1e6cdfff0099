package client_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/latency"
	"tickgate/pkg/client"
)

// reported returns how many values the next heartbeat that has a report has in it.
func (s *fakeStream) reported(t *testing.T) uint64 {
	t.Helper()
	for {
		encoded := s.next(t).GetHeartbeat().GetEndToEnd().GetHistogram()
		if encoded == nil {
			continue
		}
		histogram, err := latency.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return uint64(histogram.Count())
	}
}

// TestLatencyIsReportedFromZeroOnEachStream: a gateway adds what each stream reports, so nothing may be reported on two of them.
func TestLatencyIsReportedFromZeroOnEachStream(t *testing.T) {
	f := newFake(t)
	taken := make(chan client.Update, 100)
	c := dial(t, f.address, client.ReportingLatency(), client.WithHeartbeat(20*time.Millisecond), client.WithUpdates(func(u client.Update) { taken <- u }))
	take := func(bid string) {
		for u := range taken {
			if u.Bid.String() == bid {
				return
			}
		}
	}
	first := f.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	first.takeSubscribe(t, 1)
	wait()
	first.bid(t, 1, 1, 1)
	take("0.01")
	first.bid(t, 2, 2, 2)
	take("0.02")
	for first.reported(t) < 2 {
		continue
	}
	first.end <- status.Error(codes.Unavailable, "gone")
	second := f.accept(t)
	second.takeSubscribe(t, 1)
	second.bid(t, 1, 3, 3)
	take("0.03")
	if count := second.reported(t); count != 1 {
		t.Errorf("the second stream reports %d values, want the one that came over it", count)
	}
}

