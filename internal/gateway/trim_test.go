package gateway

import "testing"

func TestMemoryIsTrimmedAfterAStorm(t *testing.T) {
	var streams int64
	trims := 0
	trimmer := trimmer{count: func() int64 { return streams }, free: func() { trims++ }}
	for i, step := range []struct {
		streams int64
		want    int // trims so far
	}{
		{900, 0}, {900, 0}, // too few
		{20_000, 0}, {50_000, 0}, {50_100, 0}, {50_100, 0}, {50_100, 1}, // a storm, and its end
		{50_100, 1}, {52_000, 1}, {52_000, 1}, {52_000, 1}, {52_000, 1}, // too small a share
		{10_000, 1}, {10_000, 1}, {10_000, 1}, {10_000, 2}, // they leave
		{5_000, 2}, {5_000, 2}, {5_000, 2}, {0, 2}, {0, 2}, {0, 2}, {0, 3}, // in two waves
	} {
		streams = step.streams
		trimmer.check()
		if trims != step.want {
			t.Fatalf("step %d, %d streams: %d trims, want %d", i, step.streams, trims, step.want)
		}
	}
}
