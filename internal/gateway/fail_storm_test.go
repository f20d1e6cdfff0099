package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
)

// What a gateway may keep of a storm: nothing that grows. A leaked session is two kilobytes at least, so stormGrowth is far less than the five hundred of one storm would be.
const (
	stormStreams   = 500
	warmUps        = 2 // after which pools and tables have their sizes
	storms         = 3 // that are compared
	stormGrowth    = 256 << 10
	moreGoroutines = 5
)

// TestStormsLeaveNothing has many clients come and die at once, again and again. The gateway is a process of its own, so that what it keeps is not mixed up with what the clients do.
func TestStormsLeaveNothing(t *testing.T) {
	t.Parallel()
	g := startGatewayProcess(t, gatewaytest.Build(t, "tickgate/cmd/gateway"), append(freePorts(t), "--process-command-burst=10000")...)
	g.awaitReady()
	market := gatewaytest.NewPublisher(t, bus.Connection{URL: g.nats})
	market.Trade(liveliness(100))
	gatewaytest.Eventually(t, "the market is known", func() bool { return metric(t, g.admin, "tickgate_symbols") == symbolCount })
	for range warmUps {
		storm(t, g)
	}
	before := kept(t, g)
	for i := range storms {
		storm(t, g)
		most := before.heapBytes + float64(i+1)*stormGrowth
		var now footprint
		gatewaytest.Eventually(t, "the gateway has what it had before", func() bool {
			now = kept(t, g)
			t.Logf("after storm %d: %+v, before: %+v", i+1, now, before)
			return now.heapBytes <= most && now.goroutines <= before.goroutines+moreGoroutines
		})
	}
}

// storm opens streams over some connections, each with symbols that are live and one that nobody publishes, and cuts all connections at once. It returns when the gateway has noticed.
func storm(t *testing.T, g *gatewayProcess) {
	const perConnection = 100
	t.Run("storm", func(t *testing.T) { // which keeps its clients until its end
		var conns []*grpc.ClientConn
		var open []*gatewaytest.Stream
		for i := range stormStreams {
			if i%perConnection == 0 {
				conns = append(conns, g.Dial(t))
			}
			s := gatewaytest.OpenStream(t, conns[len(conns)-1], nil)
			s.Send(subscribeCommand(gatewaytest.Interval(time.Second), append([]string{fmt.Sprint("NOBODY", i)}, symbols...)))
			open = append(open, s)
		}
		for _, s := range open {
			s.Await("all symbols live", live())
		}
		for name, want := range map[string]float64{streamsMetric: stormStreams, subscriptionsMetric: stormStreams * (symbolCount + 1), pendingMetric: stormStreams} {
			if got := metric(t, g.admin, name); got != want {
				t.Errorf("%s is %v in the storm, want %v", name, got, want)
			}
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
		for _, name := range []string{streamsMetric, subscriptionsMetric, pendingMetric} {
			gatewaytest.Eventually(t, name+" is 0", func() bool { return metric(t, g.admin, name) == 0 })
		}
	})
}

// footprint is what a gateway process uses.
type footprint struct{ heapBytes, goroutines float64 }

// kept returns what a gateway uses after it has collected what it does not need: twice, since pools give up only then.
func kept(t *testing.T, g *gatewayProcess) footprint {
	t.Helper()
	for range 2 {
		get(t, g.admin+"/debug/pprof/heap?gc=1", "")
	}
	return footprint{metric(t, g.admin, "go_memstats_heap_alloc_bytes"), metric(t, g.admin, "go_goroutines")}
}
