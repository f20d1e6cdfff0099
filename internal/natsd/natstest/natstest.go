package natstest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
)

const patience = 30 * time.Second

// Start starts a server, which the test may stop before it ends. Without a port it takes any.
func Start(t testing.TB, options server.Options) *server.Server {
	t.Helper()
	options.Host, options.NoSigs, options.NoLog = "127.0.0.1", true, true
	if options.Port == 0 {
		options.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { Stop(s) })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server does not start")
	}
	return s
}

// Stop stops a server; a second time does nothing.
func Stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// Connect connects as the project's programs do.
func Connect(t testing.TB, s *server.Server, handlers bus.Handlers) *nats.Conn {
	t.Helper()
	closed := make(chan struct{})
	c, err := bus.Connect(bus.Connection{URL: s.ClientURL()}, t.Name(), slog.New(slog.DiscardHandler), handlers)
	if err != nil {
		t.Fatal(err)
	}
	c.SetClosedHandler(func(*nats.Conn) { close(closed) })
	t.Cleanup(func() {
		c.Close()
		<-closed
	})
	return c
}
