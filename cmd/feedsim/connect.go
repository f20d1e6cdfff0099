package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/settings"
)

// envPrefix begins the environment variables of the project.
const envPrefix = "TICKGATE"

// testDataVariable has the prefix and is no setting: the tests look for data where it says.
const testDataVariable = "TICKGATE_DATA"

// publishing is what every command needs to publish.
type publishing struct {
	connection  bus.Connection
	natsTimeout time.Duration
	publisher   publish.Config
}

// flushTimeout is how long NATS may take to get the last events.
const flushTimeout = 5 * time.Second

func defaultPublishing() publishing {
	return publishing{
		connection:  bus.Connection{URL: nats.DefaultURL},
		natsTimeout: 10 * time.Second,
		publisher:   publish.DefaultConfig(),
	}
}

func (s *publishing) register(set *settings.Set) {
	flags, c := set.Flags(), &s.connection
	flags.StringVar(&c.URL, "nats-url", c.URL, "NATS `servers`, separated by commas")
	flags.StringVar(&c.User, "nats-user", c.User, "`user` at NATS")
	set.SecretVar(&c.Password, "nats-password", "`password` of nats-user")
	flags.StringVar(&c.CredsFile, "nats-creds-file", c.CredsFile, "`file` with a user JWT and its seed")
	flags.StringVar(&c.NKeyFile, "nats-nkey-file", c.NKeyFile, "`file` with an nkey seed")
	flags.StringVar(&c.TLSCA, "nats-tls-ca", c.TLSCA, "PEM `file` of the authorities to trust; empty: the system's")
	flags.StringVar(&c.TLSCert, "nats-tls-cert", c.TLSCert, "PEM `file` of the client certificate")
	flags.StringVar(&c.TLSKey, "nats-tls-key", c.TLSKey, "PEM `file` of its key")
	flags.DurationVar(&s.natsTimeout, "nats-timeout", s.natsTimeout, "how long to wait for NATS at the start")
	p := &s.publisher
	flags.StringVar(&p.Name, "publisher", p.Name, "`name` of this feed; two feeds of one bus need two names")
	flags.StringVar(&p.Prefix, "prefix", p.Prefix, "`prefix` of all subjects")
	flags.IntVar(&p.BatchEvents, "batch", p.BatchEvents, "most `events` in one message; only those of one symbol and kind that are due together")
	flags.DurationVar(&p.HeartbeatEvery, "heartbeat", p.HeartbeatEvery, "interval of signs of life")
}

// connect waits until NATS is there: a feed that starts without it would lose its first events.
func (s *publishing) connect(ctx context.Context, log *slog.Logger) (*nats.Conn, error) {
	connected := make(chan struct{}) // closed by the handler of the first connection
	var first sync.Once
	connection, err := bus.Connect(s.connection, "feedsim "+s.publisher.Name, log, bus.Handlers{
		Disconnected: func(err error) { log.Warn("NATS is away; events are lost until it is back", "error", err) },
		Reconnected: func() {
			announce := func() { log.Info("NATS is back") }
			first.Do(func() { announce = func() { close(connected) } })
			announce()
		},
	})
	if err != nil {
		return nil, err
	}
	timeout := time.NewTimer(s.natsTimeout)
	defer timeout.Stop()
	select {
	case <-connected:
		return connection, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout.C:
		err = fmt.Errorf("no NATS at %s within %v (nats-url, nats-timeout)", s.connection.URL, s.natsTimeout)
		if last := connection.LastError(); last != nil {
			err = fmt.Errorf("%w: %w", err, last)
		}
	}
	connection.Close()
	return nil, err
}

// disconnect makes sure that NATS has all that was published.
func disconnect(connection *nats.Conn) error {
	err := connection.FlushTimeout(flushTimeout)
	connection.Close()
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("the last events may not have reached NATS: %w", err)
	}
	return err
}
