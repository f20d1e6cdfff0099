//go:build race

package gateway_test

// The race detector slows everything down: bounds of time are three times as long, and latencies are not judged.
const (
	raceDetector = true
	slowness     = 3
)
