package client

import (
	"testing"
	"time"
)

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	b := backoff{least: 250 * time.Millisecond, most: 30 * time.Second}
	for attempt := range 100 {
		wait := b.next()
		middle := min(b.least<<min(attempt, 20), b.most)
		if wait > b.most || float64(wait) < float64(middle)*0.8-1 || float64(wait) > float64(middle)*1.2+1 {
			t.Fatalf("attempt %d waits %v, want %v give or take a fifth, and 30 s at most", attempt, wait, middle)
		}
	}
	b.reset()
	if wait := b.next(); wait > 300*time.Millisecond {
		t.Errorf("%v after a reset", wait)
	}
}
