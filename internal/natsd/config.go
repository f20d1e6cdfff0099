package natsd

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Errors of the embedded server.
var (
	// ErrConfig is wrapped by the errors of Validate; each names the setting.
	ErrConfig = errors.New("natsd: configuration")
	// ErrListen says that the address cannot be listened on, for example because another process does: choose another nats-listen, or join that
	// server with nats-url.
	ErrListen = errors.New("natsd: cannot listen")
	// ErrStart says that the server did not come up; the text says what it complained of.
	ErrStart = errors.New("natsd: the server did not start")
)

// Config says where the server listens and what it keeps.
type Config struct {
	// Listen is host:port, default 127.0.0.1:4222; port 0 lets the system choose. Setting nats-listen.
	Listen string
	// StoreDir holds the JetStream files, default data/nats. It is made if it does not exist. Empty: no JetStream.
	StoreDir string
	// NoFastProducerStall lets the server drop a slow client's messages rather than slow the publishers down, default true: market data does
	// not wait for anybody.
	NoFastProducerStall bool
	// StartTimeout is how long the server may take to come up, recovery of its files included, default 30 s.
	StartTimeout time.Duration
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Listen:              "127.0.0.1:4222",
		StoreDir:            "data/nats",
		NoFastProducerStall: true,
		StartTimeout:        30 * time.Second,
	}
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	if _, _, err := c.hostPort(); err != nil {
		return err
	}
	if c.StartTimeout <= 0 {
		return fmt.Errorf("%w: nats-start-timeout is %v, give more than 0", ErrConfig, c.StartTimeout)
	}
	return nil
}

func (c Config) hostPort() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", 0, fmt.Errorf("%w: nats-listen is %q, give host:port: %w", ErrConfig, c.Listen, err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%w: nats-listen is %q, give a port from 0 to 65535", ErrConfig, c.Listen)
	}
	return host, int(n), nil
}
