package gateway_test

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd/natstest"
)

// TestServerOfAClusterKilled takes away the server that a publisher and a gateway are connected to. Both know the other one from their list of URLs alone, since the
// servers advertise nothing. A second gateway has been at the other one all the time, and gets its events over the route before, and directly after.
func TestServerOfAClusterKilled(t *testing.T) {
	t.Parallel()
	cluster := server.ClusterOpts{Name: "tickgate", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoAdvertise: true}
	first := natstest.Start(t, server.Options{Cluster: cluster})
	port := freePort(t)
	both := bus.Connection{URL: fmt.Sprintf("%s,nats://127.0.0.1:%d", first.ClientURL(), port)}
	config := gatewaytest.Config(t)
	config.Bus = both
	moving := gatewaytest.Start(t, config) // the second server is not there yet, so everybody is at the first
	market := gatewaytest.NewPublisher(t, both)

	route, err := url.Parse("nats-route://" + first.ClusterAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	second := natstest.Start(t, server.Options{Port: port, Cluster: cluster, Routes: []*url.URL{route}})
	gatewaytest.Eventually(t, "the servers are routed", func() bool { return first.NumRoutes() > 0 && second.NumRoutes() > 0 })
	config = gatewaytest.Config(t)
	config.Bus = bus.Connection{URL: second.ClientURL()}
	staying := gatewaytest.Start(t, config)
	feed := market.Trade(liveliness(1_000))
	moved, stayed := openOnePerPolicy(t, moving), openOnePerPolicy(t, staying)
	moved.await("a live market", trading)
	stayed.await("a live market over the route", trading)
	if at, elsewhere := connected(t, first), connected(t, second); !slices.Equal(at, []string{t.Name(), feedName}) || !slices.Equal(elsewhere, []string{feedName}) {
		t.Fatalf("the first server has %q, the second one %q; want the publisher and a gateway, and a gateway", at, elsewhere)
	}

	first.Shutdown()
	first.WaitForShutdown()
	gatewaytest.Eventually(t, "everybody is at the second server", func() bool { return slices.Equal(connected(t, second), []string{t.Name(), feedName, feedName}) })
	moved.await("a live market at the other server", trading)
	stayed.await("a live market without the route", trading)
	feed.Stop()
	moved.settle(market)
	stayed.settle(market)
	moved.check(market)
	stayed.check(market)
}

// feedName is what a gateway calls its connection.
const feedName = "tickgate-feed"

// connected returns the names of a server's clients, sorted.
func connected(t testing.TB, s *server.Server) []string {
	t.Helper()
	clients, err := s.Connz(nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range clients.Conns {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// freePort returns a port that nobody listens on, for who must be named before it listens.
func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
