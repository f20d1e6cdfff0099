//go:build !race

package fleet_test

// raceDetector: bounds of time are not judged.
const raceDetector = false
