package client_test

import (
	"testing"
	"time"

	"tickgate/pkg/client"
)

func holdsAll(c *client.Client, symbols []string) bool {
	for _, symbol := range symbols {
		if ticker, ok := c.Book().Quote(symbol); !ok || ticker.Sequence == 0 {
			return false
		}
	}
	return true
}

// pause is a moment in the life of a market.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
