package fleet_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/testlink"
)

// pair is two gateways at one NATS server with a stream of last values, each over a link.
type pair struct {
	nats     *server.Server
	ways     [2]*testlink.Link
	gateways [2]*gatewaytest.Gateway
}

// startPair starts them; change may be nil.
func startPair(t *testing.T, change func(*gateway.Config)) *pair {
	t.Helper()
	p := &pair{nats: startNATS(t)}
	for i := range p.gateways {
		config := gatewaytest.Config(t)
		if change != nil {
			change(&config)
		}
		p.ways[i] = testlink.New(t, p.nats.Addr().String())
		config.Bus = bus.Connection{URL: "nats://" + p.ways[i].Address()}
		config.Stream.HeartbeatInterval = 500 * time.Millisecond
		p.gateways[i] = gatewaytest.Start(t, config)
	}
	return p
}

// startNATS starts a server with a stream of last values.
func startNATS(t *testing.T) *server.Server {
	t.Helper()
	nats := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir(), NoFastProducerStall: true})
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	conn := natstest.Connect(t, nats, bus.Handlers{})
	if err := feed.EnsureStream(ctx, conn, subjects, feed.DefaultStreamConfig()); err != nil {
		t.Fatal(err)
	}
	return nats
}

func (p *pair) connection() bus.Connection { return bus.Connection{URL: p.nats.ClientURL()} }

func (p *pair) addresses() string {
	return p.gateways[0].Addresses().GRPC + "," + p.gateways[1].Addresses().GRPC
}
