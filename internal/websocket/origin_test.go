package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"tickgate/internal/websocket"
)

// TestOriginsThatLetEverybodyInAreRefused, and those that can never match.
func TestOriginsThatLetEverybodyInAreRefused(t *testing.T) {
	for origin, why := range map[string]string{
		"": "host", "*": "asterisk", "**": "asterisk", "*.*": "asterisk", "*.": "asterisk", "*:8080": "asterisk", "*.:443": "asterisk",
		"https://*": "asterisk", "https://**": "asterisk", "https://*:443": "asterisk", "http*://desk.example.com": "scheme", "desk*.example.com": "beginning",
		"*desk.example.com": "asterisk", "https://desk.example.com/": "path", "https://desk.example.com/page": "path", "https://": "host", "file://desk": "scheme",
		"user@desk.example.com": "user", "desk.example.com:port": "host",
	} {
		c := websocket.DefaultConfig()
		c.Origins = []string{"https://desk.example.com", origin}
		err := c.Validate()
		if !errors.Is(err, websocket.ErrConfig) || !strings.Contains(err.Error(), "web-origins") || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want it refused with the setting and a text with %q", origin, err, why)
		}
	}
	c := websocket.DefaultConfig()
	c.Origins = []string{"https://desk.example.com", "desk.example.com:8443", "*.example.com", "https://*.Desk.example.com:8443", "http://[::1]:8080", "localhost:3000"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// TestConnContextSeesThroughTLS: the kernel's buffer and the hard end are those of the TCP connection below.
func TestConnContextSeesThroughTLS(t *testing.T) {
	plain, other := net.Pipe()
	defer plain.Close()
	defer other.Close()
	if got := websocket.RawOf(websocket.ConnContext(context.Background(), tls.Server(plain, &tls.Config{}))); got != plain {
		t.Errorf("%T was kept, want the connection below TLS", got)
	}
	if got := websocket.RawOf(websocket.ConnContext(context.Background(), plain)); got != plain {
		t.Errorf("%T was kept, want the connection", got)
	}
}
