package gateway_test

import (
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestKilled ends processes as a crash or the system does, without a word to anybody.
func TestKilled(t *testing.T) {
	t.Parallel()
	t.Run("gateway", func(t *testing.T) {
		t.Parallel()
		killGateway(t, gatewaytest.Build(t, "tickgate/cmd/gateway"))
	})
	t.Run("NATS", func(t *testing.T) {
		t.Parallel()
		killNATS(t, gatewaytest.Build(t, natsServer))
	})
}

// killGateway kills a gateway under load, again and again, and starts another on the same port, to which the clients come back and go on where they were.
func killGateway(t *testing.T, program string) {
	const kills = 3
	b := startBus(t)
	args := append(freePorts(t), "--nats-url="+b.server.URL())
	g := startGatewayProcess(t, program, args...)
	g.awaitReady()
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(1_000))
	clients := openOnePerPolicy(t, g)
	clients.await("a live market", trading)

	args = append(args, "--grpc-listen="+g.grpc)
	for range kills {
		g.kill()
		clients.wantUntold()
		g = startGatewayProcess(t, program, args...)
		g.awaitReady()
		clients.comeBack(g)
		clients.await("a live market", trading)
	}
	feed.Stop()
	clients.settle(market)
	clients.check(market)
}

// wantUntold demands that nobody was asked to leave: who is killed cannot ask.
func (c *clients) wantUntold() {
	c.t.Helper()
	for i, s := range c.streams {
		<-s.Ended()
		s.Look(func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
			for _, m := range others {
				if m.GetGoingAway() != nil {
					c.t.Errorf("%v: %v from a gateway that was killed", policies[i], m)
				}
			}
		})
	}
}

// killNATS kills a server in the middle of what it stores, and starts it again with the files that this left. The gateway that joined it made its stream.
func killNATS(t *testing.T, program string) {
	n := startNATSProcess(t, program)
	config := gatewaytest.Config(t)
	config.Bus, config.CreateStream = n.connection(), true
	g := gatewaytest.Start(t, config)
	loseNATS(t, n, g, 3*time.Second)
	if failures := metric(t, adminOf(g), "tickgate_feed_warm_start_failures_total"); failures != 0 {
		t.Errorf("%v warm starts failed: the last values were not kept", failures)
	}
}
