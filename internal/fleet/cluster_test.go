package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/testport"
)

// nodeCount is how many servers a cluster has, and each keeps the stream.
const nodeCount = 3

// cluster is a NATS cluster whose nodes a test stops and starts again, each on its port with its files.
type cluster struct {
	t     *testing.T
	nodes [nodeCount]node
}

type node struct {
	options server.Options
	server  *server.Server
}

// startCluster starts the nodes, and makes the stream, which keeps every event.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var routes []*url.URL
	for i := range c.nodes {
		host, port := split(t, testport.Address(t))
		_, routePort := split(t, testport.Address(t))
		c.nodes[i].options = server.Options{
			ServerName: fmt.Sprintf("n%d", i+1), Port: port, NoFastProducerStall: true, JetStream: true, StoreDir: t.TempDir(),
			Cluster: server.ClusterOpts{Name: "tickgate", Host: host, Port: routePort, NoAdvertise: true}, // clients know nodes from their links alone
		}
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: net.JoinHostPort(host, strconv.Itoa(routePort))})
	}
	for i := range c.nodes {
		c.nodes[i].options.Routes = routes
		c.start(i)
	}
	config := feed.DefaultStreamConfig()
	config.Replicas, config.MaxMessagesPerSubject = nodeCount, 0
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	gatewaytest.Eventually(t, "the cluster makes the stream", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return feed.EnsureStream(ctx, c.connect(), subjects, config) == nil
	})
	return c
}

func split(t *testing.T, address string) (host string, port int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(text); err != nil {
		t.Fatal(err)
	}
	return host, port
}

func (c *cluster) start(i int) { c.nodes[i].server = natstest.Start(c.t, c.nodes[i].options) }

func (c *cluster) stop(i int) { natstest.Stop(c.nodes[i].server) }

func (c *cluster) stopAll() {
	for i := range c.nodes {
		c.stop(i)
	}
}

func (c *cluster) startAll() {
	for i := range c.nodes {
		c.start(i)
	}
}

// address returns where clients connect to a node.
func (c *cluster) address(i int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.nodes[i].options.Port))
}

// connection names all nodes.
func (c *cluster) connection() bus.Connection {
	var urls []string
	for i := range c.nodes {
		urls = append(urls, "nats://"+c.address(i))
	}
	return bus.Connection{URL: strings.Join(urls, ",")}
}

// connect returns a connection that ends with the test.
func (c *cluster) connect() *nats.Conn {
	c.t.Helper()
	closed := make(chan struct{})
	conn, err := nats.Connect(c.connection().URL, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		conn.Close()
		<-closed
	})
	return conn
}

// leader returns the node that leads the stream, once there is one and all nodes follow it.
func (c *cluster) leader(js jetstream.JetStream) (leader int) {
	c.t.Helper()
	gatewaytest.Eventually(c.t, "the stream has a leader that all follow", func() bool {
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		defer cancel()
		stream, err := js.Stream(ctx, feed.DefaultStream)
		if err != nil {
			return false
		}
		info := stream.CachedInfo().Cluster
		leader = slices.IndexFunc(c.nodes[:], func(n node) bool { return n.options.ServerName == info.Leader })
		return leader >= 0 && len(info.Replicas) == nodeCount-1 && !slices.ContainsFunc(info.Replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
	})
	return leader
}

// consumers returns how many the stream has; -1: that cannot be told now.
func (c *cluster) consumers(js jetstream.JetStream) int {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, feed.DefaultStream)
	if err != nil {
		return -1
	}
	names, count := stream.ConsumerNames(ctx), 0
	for range names.Name() {
		count++
	}
	if err := names.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return -1
	}
	return count
}
