package websocket

import (
	"errors"
	"fmt"
	"time"
)

// ErrConfig is wrapped by the errors of Validate; each names the setting, its value and what is allowed.
var ErrConfig = errors.New("websocket: configuration")

// Config bounds what browsers may do. Each field is a setting of the gateway.
type Config struct {
	// Origins are the other origins whose pages may connect, such as https://desk.example.com, or *.example.com for every host below example.com; default none:
	// only pages that the gateway itself has served, and programs, which name no origin.
	Origins []string
	// Compression compresses messages, default false. It saves bytes and costs processor time, and latency with it.
	Compression bool
	// SendBufferBytes is the kernel's send buffer of a WebSocket, default 32 KiB. More lets a fast but distant client take more at a time; what waits there is
	// not conflated.
	SendBufferBytes int
	// PingInterval is how often a client is pinged, default 10 s, and PingTimeout how long its answer may take, default 5 s.
	PingInterval, PingTimeout time.Duration
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{SendBufferBytes: 32 << 10, PingInterval: 10 * time.Second, PingTimeout: 5 * time.Second}
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	for _, origin := range c.Origins {
		if _, err := parseOrigin(origin); err != nil {
			return fmt.Errorf("%w: web-origins has %q: %w; give origins such as https://desk.example.com or *.example.com", ErrConfig, origin, err)
		}
	}
	if c.SendBufferBytes < 4<<10 || c.SendBufferBytes > 16<<20 {
		return fmt.Errorf("%w: web-send-buffer-bytes is %d, give %d to %d", ErrConfig, c.SendBufferBytes, 4<<10, 16<<20)
	}
	if c.PingInterval <= 0 || c.PingTimeout <= 0 {
		return fmt.Errorf("%w: web-ping-interval is %v and web-ping-timeout %v, give more than 0", ErrConfig, c.PingInterval, c.PingTimeout)
	}
	return nil
}
