package gatewaytest

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tickgate/internal/bus"
	"tickgate/internal/gateway"
)

// Patience is how long anything may take. It is far more than is needed on a busy machine under the race detector.
const Patience = 90 * time.Second

// Config returns the defaults with ports that the system chooses and files in a folder of the test.
func Config(t testing.TB) gateway.Config {
	c := gateway.DefaultConfig()
	c.GRPCListen, c.WebListen, c.AdminListen, c.NATS.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.NATS.StoreDir = filepath.Join(t.TempDir(), "nats")
	return c
}

// Gateway is a gateway in this process.
type Gateway struct {
	t       testing.TB
	config  gateway.Config
	gateway *gateway.Gateway
	drain   context.CancelFunc
	abort   context.CancelFunc
	ended   chan struct{} // closed when Run has returned
	err     error         // of Run; read after ended
	stop    sync.Once
}

// Start starts a gateway and returns when it is ready. It is stopped when the test ends, if not before.
func Start(t testing.TB, c gateway.Config) *Gateway {
	t.Helper()
	g := StartUnready(t, c)
	select {
	case <-g.gateway.Ready():
	case <-g.ended:
		t.Fatalf("the gateway ended by itself: %v", g.err)
	case <-time.After(Patience):
		t.Fatal("the gateway does not become ready")
	}
	return g
}

// StartUnready does not wait until the gateway is ready: its NATS may not be there yet.
func StartUnready(t testing.TB, c gateway.Config) *Gateway {
	t.Helper()
	started, err := gateway.Start(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	draining, drain := context.WithCancel(context.Background())
	aborted, abort := context.WithCancel(context.Background())
	g := &Gateway{t: t, config: c, gateway: started, drain: drain, abort: abort, ended: make(chan struct{})}
	go func() {
		defer close(g.ended)
		g.err = started.Run(draining, aborted)
	}()
	t.Cleanup(g.Stop)
	return g
}

// Stop drains, as SIGTERM does, and returns when everything has ended. It may be called again.
func (g *Gateway) Stop() { g.end(g.drain) }

// Abort cuts everything off, as near to a kill as it gets within one process, and returns when everything has ended.
func (g *Gateway) Abort() {
	g.end(func() {
		g.abort()
		g.drain()
	})
}

func (g *Gateway) end(how func()) {
	g.t.Helper()
	g.stop.Do(func() {
		how()
		select {
		case <-g.ended:
			if g.err != nil {
				g.t.Errorf("the gateway ended with %v", g.err)
			}
		case <-time.After(Patience):
			g.t.Error("the gateway does not stop")
		}
		g.drain()
		g.abort()
	})
}

// BeginDrain drains without waiting for the end; call Stop for that.
func (g *Gateway) BeginDrain() { g.drain() }

// Ready is closed when the last values are known.
func (g *Gateway) Ready() <-chan struct{} { return g.gateway.Ready() }

// Ended is closed when the gateway has stopped.
func (g *Gateway) Ended() <-chan struct{} { return g.ended }

// Addresses says where it listens.
func (g *Gateway) Addresses() gateway.Addresses { return g.gateway.Addresses() }

// Bus says how publishers connect to the NATS of this gateway, over a socket as any publisher does.
func (g *Gateway) Bus() bus.Connection {
	c := g.config.Bus
	c.URL, c.InProcess = g.Addresses().NATS, nil
	return c
}

// Dial returns a connection of its own, which is closed when the test ends.
func (g *Gateway) Dial(t testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return Dial(t, g.Addresses().GRPC, options...)
}

// Dial returns a connection to a gateway wherever it runs.
func Dial(t testing.TB, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
