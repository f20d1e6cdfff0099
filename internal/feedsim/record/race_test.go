//go:build race

package record_test

// raceDetector slows everything down: whole files take minutes.
const raceDetector = true
