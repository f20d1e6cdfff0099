package fleet_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
)

// TestWarmStartWaitsForTheQuorum: a gateway that finds a NATS cluster whose streams do not answer yet is not ready, and has the value of a symbol that has long been quiet when it is. It used to give up
// after the first attempt, and such a symbol stayed without a value.
func TestWarmStartWaitsForTheQuorum(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	market := gatewaytest.NewPublisher(t, c.connection())
	publishTo(market, quiet, 3)
	market.AwaitStored(3)
	c.stop(1)
	c.stop(2)
	config := gatewaytest.Config(t)
	config.Bus = bus.Connection{URL: "nats://" + c.address(0)}
	config.Feed.WarmStartTimeout = 500 * time.Millisecond
	g := gatewaytest.StartUnready(t, config)
	gatewaytest.Eventually(t, "warm starts fail", func() bool { return !strings.Contains(metrics(t, g), "\ntickgate_feed_warm_start_failures_total 0\n") })
	if ready(t, g) {
		t.Error("the gateway is ready without the last values")
	}
	c.start(1)
	c.start(2)
	gatewaytest.Eventually(t, "the gateway is ready", func() bool { return ready(t, g) })
	s := gatewaytest.OpenStream(t, g.Dial(t), nil)
	s.Subscribe(gatewaytest.Latest(), []string{quiet})
	s.Await("the last value", gatewaytest.HoldsLast(market, []string{quiet}))
	s.Close()
	judge(t, market, s)
}

func metrics(t *testing.T, g *gatewaytest.Gateway) string {
	t.Helper()
	response, err := http.Get("http://" + g.Addresses().Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
