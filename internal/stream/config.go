package stream

import (
	"errors"
	"fmt"
	"time"
)

// ErrConfig is wrapped by the errors of Validate; each names the setting, its value and what is allowed.
var ErrConfig = errors.New("stream: configuration")

// Config bounds what clients may do. Each field is a setting of the gateway.
type Config struct {
	// MaxSymbolsPerRequest, default 1,000. More are answered with REQUEST_LIMIT.
	MaxSymbolsPerRequest int
	// MaxStreamsPerConnection, default 100; raise it behind a proxy that multiplexes many clients over one connection.
	MaxStreamsPerConnection int
	// MaxStreams over all connections, default 200,000. More are refused with RESOURCE_EXHAUSTED.
	MaxStreams int
	// MaxMessageBytes is the greatest message received, default 256 KiB. A larger one ends its stream.
	MaxMessageBytes int
	// MaxHeaderBytes is the greatest size of request headers, default 16 KiB.
	MaxHeaderBytes int
	// HandshakeTimeout bounds the time from accepting a connection until it can carry streams, default 5 s.
	HandshakeTimeout time.Duration
	// KeepaliveTime is how long a connection may be silent before it is pinged, default 10 s; KeepaliveTimeout how long the answer may
	// take, default 5 s.
	KeepaliveTime, KeepaliveTimeout time.Duration
	// MinClientPing is the least time between a client's own pings, default 10 s. Clients that ping more often lose their connection.
	MinClientPing time.Duration
	// CommandRate and CommandBurst bound the commands of one stream, default 100/s and 200. Faster commands are delayed.
	CommandRate  float64
	CommandBurst int
	// ProcessCommandRate and ProcessCommandBurst bound the commands of all streams, default 1,000/s and 2,000. Heartbeats and acknowledgements do not
	// count here: they cost little and come at their own pace.
	ProcessCommandRate  float64
	ProcessCommandBurst int
	// CommandAbuse is for how long commands may be delayed without a break, default 10 s. Then the stream is ended.
	CommandAbuse time.Duration
	// FirstMessageTimeout is how long a stream may wait with its first message, default 10 s.
	FirstMessageTimeout time.Duration
	// IdleTimeout is how long a client may say nothing, default 60 s.
	IdleTimeout time.Duration
	// HeartbeatInterval is how long the gateway may say nothing before it sends a Heartbeat, default 10 s.
	HeartbeatInterval time.Duration
	// SendStall is how long a message may wait for the client to read, default 5 s. Then the connection is closed.
	SendStall time.Duration
	// SlowNotice is how long updates may be held back before the client is told, default 1 s.
	SlowNotice time.Duration
	// MaxStreamAge ends streams of that age with GoingAway, so that clients spread over gateways again; default 0: never.
	MaxStreamAge time.Duration
	// DrainGrace is how long clients have after GoingAway before their streams are ended, default 5 s.
	DrainGrace time.Duration
	// RetryAfter is what GoingAway asks clients to wait at least, default 500 ms; up to three times as much is spread over them at random.
	RetryAfter time.Duration
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		MaxSymbolsPerRequest:    1_000,
		MaxStreamsPerConnection: 100,
		MaxStreams:              200_000,
		MaxMessageBytes:         256 << 10,
		MaxHeaderBytes:          16 << 10,
		HandshakeTimeout:        5 * time.Second,
		KeepaliveTime:           10 * time.Second,
		KeepaliveTimeout:        5 * time.Second,
		MinClientPing:           10 * time.Second,
		CommandRate:             100,
		CommandBurst:            200,
		ProcessCommandRate:      1_000,
		ProcessCommandBurst:     2_000,
		CommandAbuse:            10 * time.Second,
		FirstMessageTimeout:     10 * time.Second,
		IdleTimeout:             time.Minute,
		HeartbeatInterval:       10 * time.Second,
		SendStall:               5 * time.Second,
		SlowNotice:              time.Second,
		DrainGrace:              5 * time.Second,
		RetryAfter:              500 * time.Millisecond,
	}
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	for _, limit := range []struct {
		setting string
		value   int
	}{
		{"max-symbols-per-request", c.MaxSymbolsPerRequest},
		{"max-streams-per-connection", c.MaxStreamsPerConnection},
		{"max-streams", c.MaxStreams},
		{"max-message-bytes", c.MaxMessageBytes},
		{"max-header-bytes", c.MaxHeaderBytes},
		{"command-burst", c.CommandBurst},
		{"process-command-burst", c.ProcessCommandBurst},
	} {
		if limit.value < 1 || limit.value > 1<<30 {
			return fmt.Errorf("%w: %s is %d, give 1 to %d", ErrConfig, limit.setting, limit.value, 1<<30)
		}
	}
	if c.CommandRate <= 0 || c.ProcessCommandRate <= 0 {
		return fmt.Errorf("%w: command-rate is %v and process-command-rate %v, give more than 0", ErrConfig, c.CommandRate, c.ProcessCommandRate)
	}
	for _, wait := range []struct {
		setting string
		value   time.Duration
	}{
		{"handshake-timeout", c.HandshakeTimeout},
		{"keepalive-time", c.KeepaliveTime},
		{"keepalive-timeout", c.KeepaliveTimeout},
		{"min-client-ping", c.MinClientPing},
		{"command-abuse", c.CommandAbuse},
		{"first-message-timeout", c.FirstMessageTimeout},
		{"idle-timeout", c.IdleTimeout},
		{"heartbeat-interval", c.HeartbeatInterval},
		{"send-stall", c.SendStall},
		{"slow-notice", c.SlowNotice},
		{"retry-after", c.RetryAfter},
	} {
		if wait.value <= 0 {
			return fmt.Errorf("%w: %s is %v, give more than 0", ErrConfig, wait.setting, wait.value)
		}
	}
	if c.MaxStreamAge < 0 || c.DrainGrace < 0 {
		return fmt.Errorf("%w: max-stream-age is %v and drain-grace %v, give 0 or more", ErrConfig, c.MaxStreamAge, c.DrainGrace)
	}
	return nil
}
