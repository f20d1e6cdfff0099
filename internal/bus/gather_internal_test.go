package bus

import (
	"testing"
	"time"
)

// TestGatheringIsShorterTheMoreComes: about a portion gathers, so that the kernel's buffer does not fill while the reader sleeps.
func TestGatheringIsShorterTheMoreComes(t *testing.T) {
	const longest = 8 * time.Millisecond
	allowed := longest
	c := &gatheringConn{more: true, gather: Gather{For: func() time.Duration { return allowed }}}
	for _, step := range []struct {
		what           string
		bytesPerMillis int
		least, most    time.Duration
	}{
		{"hardly anything", 1, longest, longest},
		{"much", 4 << 10, 3 * time.Millisecond, 5 * time.Millisecond},
		{"a flood", 1 << 20, flood, flood},
		{"hardly anything again", 1, longest, longest},
	} {
		for range 10 { // until it has settled
			c.slept = c.pause()
			c.read = int(c.slept.Milliseconds()) * step.bytesPerMillis
		}
		if got := c.pause(); got < step.least || got > step.most {
			t.Errorf("%s: messages gather for %v, want %v to %v", step.what, got, step.least, step.most)
		}
	}
	if allowed = 0; c.pause() != 0 {
		t.Error("messages gather though somebody waits for each")
	}
	if allowed, c.more = longest, false; c.pause() != 0 {
		t.Error("messages gather though the buffer was filled and more waits")
	}
}
