package stream

import "testing"

func TestFramePoolKeepsWhatIsNeeded(t *testing.T) {
	var p framePool
	use := func(frames int) {
		taken := make([]*Frame, frames)
		for i := range taken {
			taken[i] = p.take(new(session))
		}
		for _, f := range taken {
			p.give(f)
		}
	}
	for i, step := range []struct{ use, want int }{
		{5_000, 5_000}, {0, 5_000}, // a storm; nothing was spare before the first trim
		{20, 20}, {20, 20}, {30, 30}, {0, 0}, {7, 7},
	} {
		use(step.use)
		if i > 0 {
			p.trim()
		}
		if len(p.free) != step.want {
			t.Errorf("step %d: %d frames kept, want %d", i, len(p.free), step.want)
		}
	}
	use(framesKept + 10)
	if len(p.free) != framesKept {
		t.Errorf("%d frames kept, want %d at most", len(p.free), framesKept)
	}
}
