package client

import (
	"math/rand/v2"
	"time"
)

// backoff is how long to wait before the next attempt: doubling from the least to the most, and spread, so that the clients of a lost gateway do not come back all at once.
type backoff struct {
	least, most time.Duration
	attempts    int // that have failed in a row
}

// backoffJitter is how far a wait may be off, as a share of it.
const backoffJitter = 0.2

func (b *backoff) next() time.Duration {
	wait := b.most
	if b.attempts < 32 {
		wait = min(b.least<<b.attempts, b.most)
		if wait <= 0 { // overflow
			wait = b.most
		}
	}
	b.attempts++
	spread := 1 + backoffJitter*(2*rand.Float64()-1)
	return min(time.Duration(float64(wait)*spread), b.most)
}

func (b *backoff) reset() { b.attempts = 0 }
