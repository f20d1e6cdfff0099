package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/settings"
)

// envPrefix begins the environment variables of the project.
const envPrefix = settings.ProjectPrefix

// connecting is what every command needs to reach NATS.
type connecting struct {
	connection  bus.Connection
	natsTimeout time.Duration
	set         *settings.Set // of the above, after register
}

// publishing is what commands that publish need.
type publishing struct {
	connecting
	publisher   publish.Config
	controlName string // empty: nobody steers it
}

// flushTimeout is how long NATS may take to get the last events.
const flushTimeout = 5 * time.Second

func defaultConnecting() connecting {
	return connecting{connection: bus.Connection{URL: nats.DefaultURL}, natsTimeout: 10 * time.Second}
}

func defaultPublishing() publishing {
	return publishing{connecting: defaultConnecting(), publisher: publish.DefaultConfig(), controlName: control.DefaultName}
}

func (s *connecting) register(set *settings.Set) {
	s.set = set
	registerConnection(set, &s.connection, "", "")
	set.Flags().DurationVar(&s.natsTimeout, "nats-timeout", s.natsTimeout, "how long to wait for NATS at the start")
}

// registerConnection registers the settings of a connection under names with a prefix; which says of what NATS they are.
func registerConnection(set *settings.Set, c *bus.Connection, prefix, which string) {
	flags := set.Flags()
	flags.StringVar(&c.URL, prefix+"nats-url", c.URL, "NATS `servers`, separated by commas"+which)
	flags.StringVar(&c.User, prefix+"nats-user", c.User, "`user` at "+prefix+"nats-url")
	set.SecretVar(&c.Password, prefix+"nats-password", "`password` of "+prefix+"nats-user")
	flags.StringVar(&c.CredsFile, prefix+"nats-creds-file", c.CredsFile, "`file` with a user JWT and its seed")
	flags.StringVar(&c.NKeyFile, prefix+"nats-nkey-file", c.NKeyFile, "`file` with an nkey seed")
	flags.StringVar(&c.TLSCA, prefix+"nats-tls-ca", c.TLSCA, "PEM `file` of the authorities to trust; empty: the system's")
	flags.StringVar(&c.TLSCert, prefix+"nats-tls-cert", c.TLSCert, "PEM `file` of the client certificate")
	flags.StringVar(&c.TLSKey, prefix+"nats-tls-key", c.TLSKey, "PEM `file` of its key")
}

func (s *publishing) register(set *settings.Set) {
	s.connecting.register(set)
	flags, p := set.Flags(), &s.publisher
	flags.StringVar(&p.Name, "publisher", p.Name, "`name` of this feed; two feeds of one bus need two names")
	registerPrefix(set, &p.Prefix)
	flags.IntVar(&p.BatchEvents, "batch", p.BatchEvents, "most `events` in one message; only those of one symbol and kind that are due together")
	flags.DurationVar(&p.HeartbeatEvery, "heartbeat", p.HeartbeatEvery, "interval of signs of life")
	registerControlName(set, &s.controlName, "`name` by which feedsim control steers it while it runs; empty: it cannot be steered")
}

// validate names the setting that cannot work.
func (s *publishing) validate() error {
	if err := s.publisher.Validate(); err != nil || s.controlName == "" {
		return err
	}
	return s.control(nil).Validate()
}

func (s *publishing) control(log *slog.Logger) control.Config {
	return control.Config{Name: s.controlName, Prefix: s.publisher.Prefix, Log: log}
}

func registerPrefix(set *settings.Set, prefix *string) {
	set.Flags().StringVar(prefix, "subject-prefix", *prefix, "first `token` of every bus subject")
}

// link is a connection to NATS, from connect to close.
type link struct {
	*nats.Conn

	first     sync.Once
	connected chan struct{} // closed by the handler of the first connection
	closing   atomic.Bool   // what happens to the connection is intended from now on
	closed    chan struct{} // closed by the last handler
}

// connect waits until NATS is there: a feed that starts without it would lose its first events.
func (s *connecting) connect(ctx context.Context, name string, log *slog.Logger) (*link, error) {
	l := &link{connected: make(chan struct{}), closed: make(chan struct{})}
	connection, err := bus.Connect(s.connection, "feedsim "+name, log, bus.Handlers{
		Disconnected: func(err error) {
			if !l.closing.Load() {
				log.Warn("NATS is away; events are lost until it is back", "error", err)
			}
		},
		Reconnected: func() {
			announce := func() { log.Info("NATS is back") }
			l.first.Do(func() { announce = func() { close(l.connected) } })
			announce()
		},
	})
	if err != nil {
		return nil, err
	}
	l.Conn = connection
	connection.SetClosedHandler(func(*nats.Conn) { close(l.closed) })
	if err := s.awaitConnection(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (s *connecting) awaitConnection(ctx context.Context, l *link) error {
	timeout := time.NewTimer(s.natsTimeout)
	defer timeout.Stop()
	select {
	case <-l.connected:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
	}
	err := fmt.Errorf("no NATS server answers there within %v (nats-timeout)", s.natsTimeout)
	if last := l.LastError(); last != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	return s.set.Check("nats-url", err) // shows the URL without a password
}

// close returns when the last handler has.
func (l *link) close() {
	l.closing.Store(true)
	l.Close()
	<-l.closed
}

// finish makes sure that NATS has all that was published, then closes.
func (l *link) finish() error {
	err := l.FlushTimeout(flushTimeout)
	l.close()
	if err != nil {
		return fmt.Errorf("the last events may not have reached NATS: %w", err)
	}
	return nil
}
