//go:build !race

package gateway_test

const (
	raceDetector = false
	slowness     = 1
)
