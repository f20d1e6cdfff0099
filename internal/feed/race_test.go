//go:build race

package feed_test

// raceDetector slows everything down, so bounds of time do not hold.
const raceDetector = true
