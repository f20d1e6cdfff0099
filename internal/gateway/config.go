package gateway

import (
	"errors"
	"fmt"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/natsd"
	"tickgate/internal/playback"
	"tickgate/internal/stream"
	"tickgate/internal/websocket"
	"tickgate/pkg/subscription"
)

// ErrConfig is wrapped by the errors of Validate that are the gateway's own; each names the setting.
var ErrConfig = errors.New("gateway: configuration")

// Config is everything that can be set. The fields of the stages are settings too.
type Config struct {
	// GRPCListen, WebListen and AdminListen are host:port; port 0 lets the system choose. Default 127.0.0.1 with 50051, 8080, 9464. The admin
	// listener is for a trusted network only.
	GRPCListen, WebListen, AdminListen string
	// Bus says how to reach NATS; with an empty URL the gateway runs a NATS server of its own.
	Bus bus.Connection
	// CreateStream makes the gateway create or update the JetStream stream of last values at the NATS that it joins, default false: there it is usually made once,
	// by whoever runs NATS. The embedded server always has it.
	CreateStream bool
	// NATS is the embedded server, and Keep what the stream keeps of the events.
	NATS natsd.Config
	Keep feed.StreamConfig
	// Prefix is the first token of every bus subject, default md.
	Prefix string
	// Demo replays the shipped sample of a real market in a loop. Default false. Where Keep has its defaults, the stream keeps an hour of every event then, so that there is something to
	// play back, and where Playback.RateBesideLive has its default, playbacks do not give way to live clients.
	Demo bool
	// DrainTimeout bounds the whole shutdown, default 20 s: streams that are left then are cut off.
	DrainTimeout time.Duration

	Table         subscription.TableConfig
	Subscriptions subscription.Config
	Stream        stream.Config
	WebSocket     websocket.Config
	Feed          feed.Config
	Playback      playback.Config
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		GRPCListen:    "127.0.0.1:50051",
		WebListen:     "127.0.0.1:8080",
		AdminListen:   "127.0.0.1:9464",
		NATS:          natsd.DefaultConfig(),
		Keep:          feed.DefaultStreamConfig(),
		Prefix:        bus.DefaultPrefix,
		DrainTimeout:  20 * time.Second,
		Table:         subscription.DefaultTableConfig(),
		Subscriptions: subscription.DefaultConfig(),
		Stream:        stream.DefaultConfig(),
		WebSocket:     websocket.DefaultConfig(),
		Feed:          feed.DefaultConfig(),
		Playback:      playback.DefaultConfig(),
	}
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	if c.DrainTimeout <= 0 {
		return fmt.Errorf("%w: drain-timeout is %v, give more than 0", ErrConfig, c.DrainTimeout)
	}
	if c.Keep.MaxAge <= 0 || c.Keep.MaxBytes <= 0 || c.Keep.MaxMessagesPerSubject < 0 {
		return fmt.Errorf("%w: keep-age is %v and keep-bytes %d, give more than 0; keep-messages-per-subject is %d, give 0 (no bound) or more",
			ErrConfig, c.Keep.MaxAge, c.Keep.MaxBytes, c.Keep.MaxMessagesPerSubject)
	}
	if c.Keep.Replicas < 1 || c.Keep.Replicas > 5 {
		return fmt.Errorf("%w: keep-replicas is %d, give 1 to 5, and no more than the NATS cluster has servers", ErrConfig, c.Keep.Replicas)
	}
	if c.Demo && c.Bus.URL != "" {
		return fmt.Errorf("%w: demo is for the embedded NATS server; leave nats-url out, or run feedsim beside the gateway", ErrConfig)
	}
	if err := (control.Config{Name: control.DefaultName, Prefix: c.Prefix}).Validate(); c.Demo && err != nil {
		return fmt.Errorf("%w: demo: %w", ErrConfig, err)
	}
	if _, err := bus.NewSubjects(c.Prefix); err != nil {
		return fmt.Errorf("%w: subject-prefix: %w", ErrConfig, err)
	}
	for _, stage := range []interface{ Validate() error }{c.Bus, c.NATS, c.Table, c.Subscriptions, c.Stream, c.WebSocket, c.Feed, c.Playback} {
		if err := stage.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// demoKeeps is how long the demo keeps every event.
const demoKeeps = time.Hour

// keep returns what the stream keeps.
func (c Config) keep() feed.StreamConfig {
	if c.Demo && c.Keep == feed.DefaultStreamConfig() {
		keep := c.Keep
		keep.MaxAge, keep.MaxMessagesPerSubject = demoKeeps, 0
		return keep
	}
	return c.Keep
}
