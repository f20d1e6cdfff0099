package natsd

import (
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
)

// Server is a running NATS server.
type Server struct {
	server *server.Server
}

// Start starts a server and returns when it accepts connections.
func Start(c Config, log *slog.Logger) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := tryListen(c.Listen); err != nil {
		return nil, err
	}
	options := c.options()
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	b := &bridge{log: log}
	s.SetLoggerV2(b, false, false, false)
	s.Start()
	if err := waitReady(s, b, c.StartTimeout); err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, err
	}
	return &Server{server: s}, nil
}

func (c Config) options() *server.Options {
	host, port, _ := c.hostPort() // validated
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return &server.Options{
		ServerName:          "tickgate",
		Host:                host,
		Port:                port,
		NoSigs:              true, // signals are the program's
		JetStream:           c.StoreDir != "",
		StoreDir:            c.StoreDir,
		NoFastProducerStall: c.NoFastProducerStall,
		// A burst waits here for the disk. The server's own limits, 100,000 messages or 128 MiB, drop the newest values of a replay at full speed.
		StreamMaxBufferedMsgs: maxBufferedMessages,
		StreamMaxBufferedSize: maxBufferedBytes,
		// Quiet markets: nothing but pings passes, and they keep a connection from looking idle.
		PingInterval: 10 * time.Second,
	}
}

// Limits of what waits to be stored.
const (
	maxBufferedMessages = 4_000_000
	maxBufferedBytes    = 1 << 30
)

// tryListen finds out whether the address is free. The server would say so too, but in its log, and go on without listening.
func tryListen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%w on %s (setting nats-listen): %w", ErrListen, address, err)
	}
	return listener.Close()
}

// readyPoll is how often a fatal line is looked for while the server starts.
const readyPoll = 50 * time.Millisecond

func waitReady(s *server.Server, b *bridge, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for !s.ReadyForConnections(readyPoll) {
		if text := b.failure(); text != "" {
			return fmt.Errorf("%w: %s", ErrStart, text)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w within %v", ErrStart, timeout)
		}
	}
	return nil
}

// URL returns where to dial the server.
func (s *Server) URL() string { return s.server.ClientURL() }

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.server.Addr() }

// Connection returns how this process connects without a socket.
func (s *Server) Connection() bus.Connection {
	return bus.Connection{URL: s.URL(), InProcess: s.server}
}

// Subscriptions returns how many subscriptions the clients have, and the server itself.
func (s *Server) Subscriptions() int { return int(s.server.NumSubscriptions()) }

// Shutdown disconnects all clients, closes the files and returns when everything has ended. It may be called again.
func (s *Server) Shutdown() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}
