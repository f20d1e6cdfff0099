package testport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Systems take the ports of outgoing connections from 32768 (Linux) or 49152 (macOS, Windows) upwards. Of these a port that a test has just left may be taken
// by anybody's connection before the test listens on it again.
const (
	first = 20_000
	count = 12_000
	tries = 100
)

// Address returns an address of this machine that nobody listens on, and that no outgoing connection takes while nobody does.
func Address(t testing.TB) string {
	t.Helper()
	for range tries {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(count)))
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatalf("no free port among %d tried from %d to %d", tries, first, first+count)
	return ""
}
